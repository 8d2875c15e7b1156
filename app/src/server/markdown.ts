import "server-only";
import MarkdownIt from "markdown-it";

// html: false shows tags as text. Links that are not http(s), mailto or relative are refused by markdown-it itself.
const renderer = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });

renderer.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  const token = tokens[index]!;
  if (/^https?:/i.test(String(token.attrGet("href")))) {
    token.attrSet("rel", "noopener noreferrer nofollow");
    token.attrSet("target", "_blank");
  }
  return self.renderToken(tokens, index, options);
};

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
export function renderMarkdown(text: string): string {
  return renderer.render(text);
}

/** The first words without the marks, for lists. */
export function excerpt(text: string, length = 180): string {
  const words = text
    .slice(0, length * 4)
    .replace(/^\s*\|.*$/gm, "") // tables
    .replace(/```.*$/gm, "")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:[#>]+|[-*+]|\d+\.)\s+(?:\[[ xX]\] )?/gm, "")
    .replace(/[*_`~]/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return words.length > length ? `${words.slice(0, length).replace(/\s\S*$/, "")}…` : words;
}
