/** A change of a text: what stands from `start` to `end` becomes `text`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What Enter does at the end of a list's item, or within it: the next item begins, and an empty one ends the list. */
export function continueList(text: string, at: number): Change | null {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const mark = /^([ \t]*)(?:([-*+])|(\d{1,9})([.)]))( +)(\[[ xX]\] +)?/.exec(text.slice(start, at));
  if (!mark || inCode(text.slice(0, start))) return null;
  const [whole, indent, bullet, number, after, space, task] = mark;
  const end = text.indexOf("\n", at);
  const rest = text.slice(start + whole.length, end < 0 ? text.length : end);
  if (rest.trim() === "") return { start, end: at, text: "" };
  const next = bullet ?? `${Number(number) + 1}${after}`;
  return { start: at, end: at, text: `\n${indent}${next}${space}${task ? "[ ] " : ""}` };
}

function inCode(before: string): boolean {
  return (before.match(/^[ \t]*(?:```|~~~)/gm)?.length ?? 0) % 2 === 1;
}

/** Changes the text as typing would, so that the browser can undo it. */
export function change(area: HTMLTextAreaElement, { start, end, text }: Change): void {
  area.setSelectionRange(start, end);
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
