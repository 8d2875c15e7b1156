// What the browser's parts of the diary find around them, as far as they use it.

/** A page with a storage and a network whose answers the test gives. */
export class Page {
  readonly kept = new Map<string, string>();
  readonly sent: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  /** Whether the browser keeps anything. */
  keeps = true;
  #answers: (() => Response | Promise<Response>)[] = [];

  constructor() {
    const { kept } = this;
    const storage = new Proxy(
      {
        setItem: (name: string, text: string): void => {
          if (!this.keeps) throw new DOMException("no space", "QuotaExceededError");
          kept.set(name, text);
        },
        getItem: (name: string) => kept.get(name) ?? null,
        removeItem: (name: string) => kept.delete(name),
      },
      {
        ownKeys: () => [...kept.keys()],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    );
    const parts = { localStorage: storage, fetch: this.#fetch, window: new EventTarget(), document: Object.assign(new EventTarget(), { visibilityState: "visible" }) };
    for (const [name, value] of Object.entries(parts)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  /** What the next requests are answered; without an answer the network is away. */
  answers(...answers: (() => Response | Promise<Response>)[]): void {
    this.#answers.push(...answers);
  }

  readonly #fetch = async (path: string, init: { body?: unknown } = {}): Promise<Response> => {
    this.sent.push({ path, body: typeof init.body === "string" ? JSON.parse(init.body) : {} });
    const answer = this.#answers.shift();
    if (!answer) throw new TypeError("failed to fetch");
    return answer();
  };
}

export const json = (value: unknown, status = 200) => () => Response.json(value, { status });
