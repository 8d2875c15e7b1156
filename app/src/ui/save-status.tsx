import type { Messages } from "@/messages";
import { problemText } from "@/messages/problem-text";
import type { SaveState } from "./autosave";
import type { ServerEntry } from "./put-entry";

type Texts = Pick<Messages, "saving" | "problems">;

/** Where the text is now, in one line. */
export function SaveLine({ t, state, restored }: { readonly t: Texts; readonly state: SaveState; readonly restored: boolean }) {
  return (
    <p role="status" className={`save-state ${state.kind}`}>
      {line(t, state)}
      {state.kind === "signedOut" && <> <a href="/sign-in" target="_blank" rel="opener">{t.saving.signInAgain}</a></>}
      {restored && <> {t.saving.restored}</>}
    </p>
  );
}

function line(t: Texts, state: SaveState): string {
  switch (state.kind) {
    case "saved":
      return state.revision > 0 ? t.saving.saved : "";
    case "conflict":
    case "gone":
      return t.saving.changed;
    case "refused":
      return `${t.saving.refused} ${problemText(t.problems, state.problem)}`;
    default:
      return t.saving[state.kind];
  }
}

interface Props {
  readonly t: Texts;
  readonly state: SaveState;
  readonly mine: string;
  readonly keepMine: () => void;
  readonly takeTheirs: (current: ServerEntry) => void;
  readonly asNew: () => void;
}

/** Asks where only the person can decide. */
export function SaveDecision({ t, state, mine, keepMine, takeTheirs, asNew }: Props) {
  if (state.kind === "gone") {
    return (
      <section className="conflict" role="alert">
        <h2>{t.saving.gone}</h2>
        <button type="button" onClick={asNew}>{t.saving.asNew}</button>
      </section>
    );
  }
  if (state.kind !== "conflict") return null;
  return (
    <section className="conflict" role="alert">
      <h2>{t.saving.conflictTitle}</h2>
      <p>{t.saving.conflictText}</p>
      <div className="side-by-side">
        <div><h3>{t.saving.mine}</h3><pre>{mine}</pre></div>
        <div><h3>{t.saving.theirs}</h3><pre>{state.current.body}</pre></div>
      </div>
      <div className="actions">
        <button type="button" onClick={keepMine}>{t.saving.keepMine}</button>
        <button type="button" onClick={() => takeTheirs(state.current)}>{t.saving.takeTheirs}</button>
      </div>
    </section>
  );
}
