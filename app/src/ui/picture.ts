/** A file as pages show it. */
export interface Shown {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Of the small picture: 0 where there is none to be made, null where nobody looked. */
  readonly width: number | null;
  readonly height: number | null;
}

/** Whether browsers show it in a page, as its bytes said when it came. */
export function isPicture({ type, width }: Pick<Shown, "type" | "width">): boolean {
  return width !== 0 && /^image\/(png|jpeg|gif|webp|avif)$/.test(type);
}

/** What an `img` needs, so that the page keeps its room and waits until it is looked at. */
export function smallPicture({ id, width, height }: Shown) {
  return { src: `/api/files/${id}?small`, ...(width && height && { width, height }), loading: "lazy", decoding: "async" } as const;
}
