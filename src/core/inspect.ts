/** What can be seen of a stage from outside, at any time. */
import type { InletHalf, InputCounts } from "./inlet.ts";
import type { TimeShares, WaitState } from "./meter.ts";
import type { OutletHalf, OutputCounts } from "./outlet.ts";
import type { ExitReason, Subscribable } from "./protocol.ts";
import { DRAINING, ENDED, FINISHING, RUNNING, STOPPING, StageCore, type Phase, type Role } from "./stage.ts";

export type { InputCounts, OutputCounts, TimeShares, WaitState };

/** Where a stage is in its life. */
export type StageState = "running" | "finishing" | "draining" | "stopping" | "ended";

/** A stage at one moment. At every quiet moment its counts balance (law 7). */
export interface Snapshot {
  /** The label of the stage. */
  readonly name: string;
  /** What it is. */
  readonly role: Role;
  /** Where it is in its life. */
  readonly state: StageState;
  /** Whom it waits for: its producers (`events`), its consumers (`demand`), its own `callback`. */
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
    ...(inlet && { input: { ...inlet.counts, subscriptions: subscriptionsOf(core, inlet) } }),
    ...(outlet && { output: { ...outlet.counts, consumers: consumersOf(core, outlet) } }),
    ...(core.meter && { timeMs: core.meter.totals }),
  };
}

/** Whose list of names it is, and who they are: names are labels, two partners may have the same. */
interface Behind<Partner> {
  readonly core: StageCore;
  readonly partners: readonly Partner[];
}

interface ProducerBehind {
  readonly target: Subscribable<unknown>;
  readonly isAutomatic: boolean;
}

interface ConsumerBehind {
  readonly identity: object;
  /** Asked for, and not sent yet. */
  readonly unanswered: number;
  /** When that began: something was sent, or asked for when nothing was. By the clock of the scheduler. */
  readonly since: number;
}

// By the list itself: who makes one snapshot of two hands their lists on.
const producers = new WeakMap<readonly unknown[], Behind<ProducerBehind>>();
const consumers = new WeakMap<readonly unknown[], Behind<ConsumerBehind>>();

/** What stands behind the subscriptions of a snapshot. */
export function producersBehind(subscriptions: readonly unknown[]): Behind<ProducerBehind> | undefined {
  return producers.get(subscriptions);
}

/** What stands behind the consumers of a snapshot. */
export function consumersBehind(names: readonly unknown[]): Behind<ConsumerBehind> | undefined {
  return consumers.get(names);
}

/** A stage that is known by its identity as a consumer. */
export function snapshotBehind(identity: object): Snapshot | undefined {
  if (!(identity instanceof StageCore)) return undefined;
  return snapshotOf(identity, identity.inlet as InletHalf | undefined, identity.outlet as OutletHalf<unknown> | undefined);
}

/** Whatever can be looked at. */
export interface Visible {
  readonly closed: Promise<ExitReason>;
  snapshot(): Snapshot;
}

// By the promise of a pipeline.
const members = new WeakMap<object, readonly Visible[]>();

/** Lets a pipeline be looked at: the list may grow. */
export function showMembers(promise: object, stages: readonly Visible[]): void {
  members.set(promise, stages);
}

/** The stages that a pipeline owns; `undefined` for all else. */
export function membersOf(value: unknown): readonly Visible[] | undefined {
  return typeof value === "object" && value !== null ? members.get(value) : undefined;
}

function subscriptionsOf(core: StageCore, inlet: InletHalf): NonNullable<Snapshot["input"]>["subscriptions"] {
  const links = [...inlet.links];
  const list = links.map((link) => ({ name: link.name, outstanding: link.isAutomatic ? link.settings.window.outstanding : 0 }));
  producers.set(list, { core, partners: links });
  return list;
}

function consumersOf<Out>(core: StageCore, outlet: OutletHalf<Out>): readonly string[] {
  const links = [...outlet.links];
  const list = links.map((link) => link.name);
  consumers.set(list, { core, partners: links });
  return list;
}

const STATES: Readonly<Record<Phase, StageState>> = {
  [RUNNING]: "running",
  [FINISHING]: "finishing",
  [DRAINING]: "draining",
  [STOPPING]: "stopping",
  [ENDED]: "ended",
};
