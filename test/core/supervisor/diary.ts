import { producer, type ProducerOptions, type PushProducer } from "sluice";

/** Notes what happens to the children of a tree, in order. */
export class Diary {
  #lines: string[] = [];

  note(line: string): void {
    this.#lines.push(line);
  }

  /** What was noted since the last reading. */
  read(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /** A stage that notes its start and its stop, and does nothing else by itself. */
  stage(name: string, { handleStop, ...options }: ProducerOptions<number> = {}): PushProducer<number> {
    this.note(`start ${name}`);
    return producer<number>({
      name,
      ...options,
      handleStop: (reason) => {
        this.note(`stop ${name}`);
        return handleStop?.(reason);
      },
    });
  }
}

/** One turn of the event loop: a clean-up that takes a moment. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
