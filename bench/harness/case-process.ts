import { fork, type ChildProcess } from "node:child_process";

import { BenchError, type Case, type Figures, type Job, type Section } from "./case.ts";
import type { Reply } from "./replies.ts";

/** A reply takes seconds; a case that needs longer hangs. */
const REPLY_WITHIN_MS = 60_000;

/** The process of one case, seen from the parent. It sits idle between its runs. */
export class CaseProcess {
  readonly #label: string;
  readonly #child: ChildProcess;

  private constructor(label: string, child: ChildProcess) {
    this.#label = label;
    this.#child = child;
  }

  /** Forks the process, and resolves when its case is warm. */
  static async start(job: Job, section: Section, { name }: Case): Promise<CaseProcess> {
    const program = new URL("run-case.js", import.meta.url);
    const child = fork(program, [job.name, section.name, name], { execArgv: ["--expose-gc"] });
    const started = new CaseProcess(`${section.name}, ${name}`, child);
    try {
      await started.#reply();
    } catch (error) {
      started.stop();
      throw error;
    }
    return started;
  }

  async run(): Promise<Figures> {
    this.#child.send("run");
    const reply = await this.#reply();
    if (reply.type !== "figures") throw new BenchError(`expected ${this.#label} to send figures, got: ${reply.type}`);
    return reply.figures;
  }

  stop(): void {
    this.#child.kill();
  }

  #reply(): Promise<Reply> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onMessage = (reply: Reply): void => {
        settle();
        if (reply.type === "failed") reject(new BenchError(`${this.#label}: ${reply.message}`));
        else resolve(reply);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle();
        reject(new BenchError(`expected ${this.#label} to reply, got: an exit with ${signal ?? code}`));
      };
      const hung = setTimeout(() => {
        settle();
        reject(new BenchError(`expected ${this.#label} to reply within ${REPLY_WITHIN_MS} ms, got: nothing`));
      }, REPLY_WITHIN_MS);
      function settle(): void {
        clearTimeout(hung);
        child.off("message", onMessage);
        child.off("exit", onExit);
      }
      child.on("message", onMessage);
      child.on("exit", onExit);
    });
  }
}
