import type { Messages } from "@/messages";
import type { SaveState } from "./autosave";
import type { ServerEntry } from "./put-entry";

interface Props {
  readonly t: Pick<Messages, "saving" | "problems">;
  readonly state: SaveState;
  readonly restored: boolean;
  readonly mine: string;
  readonly keepMine: () => void;
  readonly takeTheirs: (current: ServerEntry) => void;
  readonly asNew: () => void;
}

/** Says where the text is, and asks where only the person can decide. */
export function SaveStatus({ t, state, restored, mine, keepMine, takeTheirs, asNew }: Props) {
  return (
    <>
      <p role="status" className={`save-state ${state.kind}`}>
        {line(t, state)}
        {state.kind === "signedOut" && <> <a href="/sign-in" target="_blank" rel="opener">{t.saving.signInAgain}</a></>}
        {restored && <> {t.saving.restored}</>}
      </p>
      {state.kind === "conflict" && (
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
      )}
      {state.kind === "gone" && (
        <section className="conflict" role="alert">
          <h2>{t.saving.gone}</h2>
          <button type="button" onClick={asNew}>{t.saving.asNew}</button>
        </section>
      )}
    </>
  );
}

function line(t: Pick<Messages, "saving" | "problems">, state: SaveState): string {
  switch (state.kind) {
    case "saved":
      return state.revision > 0 ? t.saving.saved : "";
    case "conflict":
    case "gone":
      return "";
    case "refused":
      return `${t.saving.refused} ${t.problems[state.problem as keyof Messages["problems"]] ?? t.problems.unexpected}`;
    default:
      return t.saving[state.kind];
  }
}
