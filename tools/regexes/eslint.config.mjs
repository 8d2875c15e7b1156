// Finds regular expressions that a text can keep busy for longer than its length: two repetitions that overlap.
import parser from "@typescript-eslint/parser";
import regexp from "eslint-plugin-regexp";

export default [
  {
    files: ["**/*.{ts,tsx,js,mjs,cjs}"],
    linterOptions: { noInlineConfig: true }, // no file excuses itself
    languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    plugins: { regexp },
    rules: {
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": ["error", { report: "potential" }],
      "regexp/no-dupe-disjunctions": ["error", { report: "interesting" }],
    },
  },
  {
    // Patterns of the tool's Python: most take a text apart, token by token, and find one wherever they stand.
    files: ["**/*.py.js"],
    rules: { "regexp/no-super-linear-move": ["error", { report: "certain" }] },
  },
];
