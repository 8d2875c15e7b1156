import "server-only";
import MarkdownIt from "markdown-it";
import { isPicture, smallPicture, type Shown } from "@/ui/picture";

const LINK_LENGTH = 2_000;

// html: false shows tags as text. Links that are not http(s), mailto or relative are refused by markdown-it itself.
const renderer = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });

/** What the renderer knows besides the text. */
type Around = { readonly files: ReadonlyMap<string, Shown>; inLink: boolean };

renderer.renderer.rules.link_open = (tokens, index, options, env, self) => {
  const token = tokens[index]!;
  (env as Around).inLink = true;
  if (/^https?:/i.test(String(token.attrGet("href")))) {
    token.attrSet("rel", "noopener noreferrer nofollow");
    token.attrSet("target", "_blank");
  }
  return self.renderToken(tokens, index, options);
};

renderer.renderer.rules.link_close = (tokens, index, options, env, self) => {
  (env as Around).inLink = false;
  return self.renderToken(tokens, index, options);
};

// A picture of the diary's own is shown small and leads to the whole; a file that is none is a link.
renderer.renderer.rules.image = (tokens, index, options, env, self) => {
  const around = env as Around;
  const token = tokens[index]!;
  const text = self.renderInlineAsText(token.children ?? [], options, around);
  const address = String(token.attrGet("src"));
  const file = around.files.get(fileIn(address) ?? "");
  token.attrSet("alt", text || (file?.name ?? ""));
  for (const [name, value] of Object.entries(file ? smallPicture(file) : { loading: "lazy" })) token.attrSet(name, String(value));
  const shown = !file || isPicture(file) ? self.renderToken(tokens, index, options) : renderer.utils.escapeHtml(text || file.name);
  return !file || around.inLink ? shown : `<a href="${renderer.utils.escapeHtml(address)}">${shown}</a>`;
};

/** The id of the file that an address within the diary leads to. */
function fileIn(address: string): string | undefined {
  return /^\/api\/files\/([0-9a-f-]{36})$/.exec(address)?.[1];
}

// “- [ ] todo” and “- [x] done” as people write them elsewhere.
renderer.core.ruler.push("tasks", ({ tokens }) => {
  for (const [index, token] of tokens.entries()) {
    const item = tokens[index - 2];
    const first = token.children?.[0];
    if (token.type !== "inline" || item?.type !== "list_item_open" || first?.type !== "text") continue;
    const mark = /^\[([ xX])\] /.exec(first.content);
    if (!mark) continue;
    first.content = `${mark[1] === " " ? "☐" : "☑"} ${first.content.slice(mark[0].length)}`;
    item.attrJoin("class", "task");
  }
});

/** HTML that is safe to show: nothing in the text can become an element, an attribute or a script. */
export function renderMarkdown(text: string, files: readonly Shown[]): string {
  const around: Around = { files: new Map(files.map((file) => [file.id, file])), inLink: false };
  return renderer.render(text, around);
}

/** The ids of the files that a text shows or leads to. */
export function filesNamed(text: string): string[] {
  return [...new Set([...linkTargets(text)].flatMap((target) => fileIn(target.text) ?? []))];
}

/** The first words without the marks, for lists. */
export function excerpt(text: string, length = 180): string {
  const pieces: string[] = [];
  let tables = 0;
  for (const token of renderer.parse(text.slice(0, length * 4), {})) {
    if (token.type === "table_open") tables += 1;
    else if (token.type === "table_close") tables -= 1;
    else if (tables === 0) pieces.push(...(token.children ?? [token]).map(wordsOf), " ");
  }
  const words = pieces.join("").split(/\s+/).filter(Boolean).join(" ");
  if (words.length <= length) return words;
  const cut = words.lastIndexOf(" ", length);
  return `${cut > 0 ? words.slice(0, cut) : words.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")}…`; // no half of a character
}

function wordsOf({ type, content }: { readonly type: string; readonly content: string }): string {
  if (type === "softbreak" || type === "hardbreak") return " ";
  return type === "image" ? "" : content;
}

/** Where a link or an image leads: its text, and where that stands. */
export interface Target {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The targets of “[…](target)” in the order of the text, read by the renderer's own parser. */
export function* linkTargets(text: string): Generator<Target, void, undefined> {
  for (let at = text.indexOf("]("); at >= 0; at = text.indexOf("](", at)) {
    const start = at + 2;
    const found = renderer.helpers.parseLinkDestination(text, start, Math.min(text.length, start + LINK_LENGTH));
    if (found.ok && found.str) yield { text: found.str, start, end: found.pos };
    at = Math.max(start, found.ok ? found.pos : 0);
  }
}
