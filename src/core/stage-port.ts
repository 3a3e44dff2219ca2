/** Where a stage's messages come in. */
import type { Port } from "./protocol.ts";
import type { StageCore } from "./stage.ts";

/** A port of a stage: while the stage defers, what comes in goes to its mailbox. */
export abstract class StagePort<in Message> implements Port<Message> {
  readonly stage: StageCore;

  constructor(stage: StageCore) {
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

  constructor(stage: StageCore, task: () => void) {
    super(stage);
    this.#task = task;
  }

  handle(): void {
    this.#task();
    this.stage.pump();
  }
}
