import "server-only";

/** The kinds of files the diary takes. What a browser claims is never believed: the bytes decide. */
export interface Kind {
  readonly type: string;
  /** A picture of which a small one is made, for pages to show. */
  readonly small: boolean;
}

const picture = (type: string): Kind => ({ type, small: true });
const file = (type: string): Kind => ({ type, small: false });

const OFFICE = new Map(Object.entries({
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  zip: "application/zip",
}));

/** Null for what the diary does not take: programs, web pages, SVG and other things that can carry scripts. */
export function sniff(content: Uint8Array, name: string): Kind | null {
  const head = Buffer.from(content.subarray(0, 16)).toString("latin1");
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return picture("image/png");
  if (head.startsWith("\xff\xd8\xff")) return picture("image/jpeg");
  if (/^GIF8[79]a/.test(head)) return picture("image/gif");
  if (/^RIFF[\s\S]{4}WEBP/.test(head)) return picture("image/webp");
  if (/^[\s\S]{4}ftypavi[fs]/.test(head)) return file("image/avif");
  if (/^[\s\S]{4}ftyp(heic|heix|mif1)/.test(head)) return file("image/heic");
  if (head.startsWith("%PDF-")) return file("application/pdf");
  const office = OFFICE.get(ending);
  if (head.startsWith("PK\x03\x04")) return office ? file(office) : null;
  if (["txt", "md", "csv", "log"].includes(ending) && isText(content)) return file("text/plain; charset=utf-8");
  return null;
}

function isText(content: Uint8Array): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
