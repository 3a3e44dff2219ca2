/** Where a stage's messages come in. */
import type { Port } from "./protocol.ts";

/** What a port needs of its stage. */
export interface Mailbox {
  /** Messages go to the mailbox: a callback's promise is pending, or earlier messages wait there. */
  readonly isDeferring: boolean;
  defer(port: StagePort<never>, message: unknown): void;
  /** Runs what has become due. */
  pump(): void;
}

/** A port of a stage: while the stage defers, what comes in goes to its mailbox. */
export abstract class StagePort<in Message, out Stage extends Mailbox = Mailbox> implements Port<Message> {
  readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  receive(message: Message): void {
    if (this.stage.isDeferring) this.stage.defer(this, message);
    else this.handle(message);
  }

  /** Takes the message; it is its turn. */
  abstract handle(message: Message): void;
}

/** A message of a stage to itself. */
export class Task extends StagePort<undefined> {
  readonly #task: () => void;

  constructor(stage: Mailbox, task: () => void) {
    super(stage);
    this.#task = task;
  }

  handle(): void {
    this.#task();
    this.stage.pump();
  }
}
