import { useEffect } from "react";
import type { Messages } from "@/messages";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "markdown-toolbar": React.HTMLAttributes<HTMLElement> & { for: string };
    }
  }
}

/** The names are those of @github/markdown-toolbar-element, and of the texts; the lines are drawn in 20 × 20. */
const BUTTONS = {
  "bold": "M6 4h5a3 3 0 0 1 0 6H6zM6 10h6a3 3 0 0 1 0 6H6z",
  "italic": "M9 4h6M5 16h6M12 4 8 16",
  "header-2": "M5 4v12M15 4v12M5 10h10",
  "unordered-list": "M8 5h9M8 10h9M8 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  "ordered-list": "M9 5h8M9 10h8M9 15h8M3 4l1.5-1v5M3 13c0-1.6 3-1.6 3 0 0 1-3 2-3 3.5h3",
  "task-list": "M4 4h12v12H4zM7 10l2.2 2.2L13 8",
  "quote": "M4 5v10M8 6h9M8 10h9M8 14h6",
  "link": "M8.5 11.5l3-3M9 6.5l2-2a3.2 3.2 0 0 1 4.5 4.5l-2 2M11 13.5l-2 2A3.2 3.2 0 0 1 4.5 11l2-2",
} as const satisfies Record<string, string>;

/** Buttons for marks in the text. They appear when scripts answer, and come with a file of their own. */
export function FormatBar({ t, area, hidden }: { readonly t: Messages["format"]; readonly area: string; readonly hidden: boolean }) {
  useEffect(() => void import("@github/markdown-toolbar-element"), []);
  return (
    <markdown-toolbar for={area} aria-label={t.label} hidden={hidden}>
      {Object.entries(BUTTONS).map(([name, lines]) => {
        const label = t[name as keyof typeof BUTTONS];
        return (
          <button key={name} type="button" className="quiet" data-md-button={name} aria-label={label} title={label}>
            <svg viewBox="0 0 20 20" aria-hidden="true"><path d={lines} /></svg>
          </button>
        );
      })}
    </markdown-toolbar>
  );
}
