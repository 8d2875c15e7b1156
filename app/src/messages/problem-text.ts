import type { Messages } from "./en";

/** The text for a problem's code, which comes from an address or an answer; any other word is "something went wrong". */
export function problemText(t: Messages["problems"], code: string | undefined): string {
  return code !== undefined && Object.hasOwn(t, code) ? t[code as keyof Messages["problems"]] : t.unexpected;
}
