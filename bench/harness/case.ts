/** What one timed run found, by the name of the figure: `{ "ns an event": 13.2 }`. */
export type Figures = Readonly<Record<string, number>>;

/** One timed run; the garbage of the run before is collected already. */
export type TimedRun = () => Promise<Figures>;

/** One way to do the job of a section. It runs in a process of its own. */
export interface Case {
  /** Unique in its section. */
  readonly name: string;
  /** Who does the job: `sluice`, or a peer by the name that `--peers` takes. */
  readonly by: string;
  /** Loads what the case needs, calibrates and warms up. Called once, in the process of the case. */
  readonly prepare: () => Promise<TimedRun>;
  /** A peer without a target that runs with `--quick` as well. */
  readonly isQuick?: boolean | undefined;
}

/** The minimum of ours over a figure of the peer, by default its median, is to be `atMost`. */
export interface RatioTarget {
  readonly type: "ratio";
  readonly figure: string;
  readonly ours: string;
  readonly peer: string;
  readonly atMost: number;
  readonly peerBy?: "median" | "min";
}

/** A figure of ours, by default the median of its runs, is to be `atMost`. */
export interface LimitTarget {
  readonly type: "limit";
  readonly figure: string;
  readonly ours: string;
  readonly atMost: number;
  readonly oursBy?: "median" | "max";
}

/** `ours` and `peer` name cases of the same section. */
export type Target = RatioTarget | LimitTarget;

/** Cases that are measured side by side: run by run in turn, so that noise hits all alike. */
export interface Section {
  readonly name: string;
  /** The job in one line. */
  readonly title: string;
  /** Timed runs of each case, 7 when left out; `--quick` takes 3 at most. */
  readonly runs?: number;
  readonly cases: readonly Case[];
  readonly targets: readonly Target[];
}

/** What `npm run bench -- NAME` measures. */
export interface Job {
  readonly name: string;
  readonly sections: readonly Section[];
}

/** A bench that cannot go on, told in one sentence: a wrong result, a wrong argument, a case that died. */
export class BenchError extends Error {
  override readonly name: string = "BenchError";
}
