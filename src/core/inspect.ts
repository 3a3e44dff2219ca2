/** What can be seen of a stage from outside, at any time. */
import type { InletHalf, InputCounts } from "./inlet.ts";
import type { TimeShares, WaitState } from "./meter.ts";
import type { OutletHalf, OutputCounts } from "./outlet.ts";
import { DRAINING, ENDED, FINISHING, RUNNING, STOPPING, type Phase, type Role, type StageCore } from "./stage.ts";

export type { InputCounts, OutputCounts, TimeShares, WaitState };

/** Where a stage is in its life. */
export type StageState = "running" | "finishing" | "draining" | "stopping" | "ended";

/** A stage at one moment. At every quiet moment its counts balance (law 7). */
export interface Snapshot {
  readonly name: string;
  readonly role: Role;
  readonly state: StageState;
  readonly waitingFor: WaitState;
  /** The events that came in: of a consumer and a producerConsumer. */
  readonly input?: InputCounts & {
    readonly subscriptions: readonly {
      readonly name: string;
      /** Asked for and not handled; 0 in manual mode. */
      readonly outstanding: number;
    }[];
  };
  /** The events that went out: of a producer and a producerConsumer. */
  readonly output?: OutputCounts & { readonly consumers: readonly string[] };
  /** Where the time went, in ms: with the option `timing`. */
  readonly timeMs?: TimeShares;
}

export function snapshotOf<Out>(core: StageCore, inlet: InletHalf | undefined, outlet: OutletHalf<Out> | undefined): Snapshot {
  return {
    name: core.name,
    role: core.role,
    state: STATES[core.phase],
    waitingFor: core.waitState,
    ...(inlet && {
      input: {
        ...inlet.counts,
        subscriptions: Array.from(inlet.links, (link) => ({
          name: link.name,
          outstanding: link.isAutomatic ? link.settings.window.outstanding : 0,
        })),
      },
    }),
    ...(outlet && { output: { ...outlet.counts, consumers: outlet.consumers } }),
    ...(core.meter && { timeMs: core.meter.totals }),
  };
}

const STATES: Readonly<Record<Phase, StageState>> = {
  [RUNNING]: "running",
  [FINISHING]: "finishing",
  [DRAINING]: "draining",
  [STOPPING]: "stopping",
  [ENDED]: "ended",
};
