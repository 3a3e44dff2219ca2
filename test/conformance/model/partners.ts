/**
 * One subscription, on either side of the stage. The object is the reference: a name that is used again makes a new one.
 */
export interface Link {
  readonly name: string;
  readonly process: string;
}

/** The names of one side of the trace, and the idle processes that stand behind them. */
export class Partners {
  readonly #current = new Map<string, Link>();
  readonly #dead = new Set<string>();

  /** A new subscription under this name. A process that had died is started again. */
  open(name: string, process: string = name): Link {
    const link = { name, process };
    this.#current.set(name, link);
    this.#dead.delete(process);
    return link;
  }

  /** The latest subscription of that name; for a name never used, one that the stage cannot know. */
  link(name: string): Link {
    return this.#current.get(name) ?? { name, process: name };
  }

  /** Whether the stage or its partner has ever opened it. */
  wasOpened(link: Link): boolean {
    return this.#current.get(link.name) === link;
  }

  kill(process: string): void {
    this.#dead.add(process);
  }

  /** What the stage sends to a dead process is not recorded. */
  isAlive(link: Link): boolean {
    return !this.#dead.has(link.process);
  }
}
