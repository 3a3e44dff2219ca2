/** What is worth saying of a stage, a child, a supervisor: for people. */
import { show } from "../errors.ts";
import type { ExitReason } from "../protocol.ts";
import { countsOf, inLine, some, statesOf } from "../summary.ts";
import type { Feed, Group, Vertex } from "./topology.ts";

type Entry = NonNullable<Group["entry"]>;

/** As its supervisor calls it, and by its own name; in one line. */
export function titleOf(label: string, own?: string): string {
  const title = own === undefined || own === label ? label : `${label} (${own})`;
  return inLine(title);
}

/** The name of a stage that its supervisor calls by another one. */
export function ownNameOf({ name, snapshot }: Vertex): string | undefined {
  return snapshot === undefined || snapshot.name === name ? undefined : snapshot.name;
}

/** Of a supervisor or a pipeline. */
export function factsOfGroup({ supervisor, entry }: Group): readonly string[] {
  if (supervisor === undefined) return entry === undefined ? ["pipeline"] : ["pipeline", ...kindOf(entry), entry.state, ...restartsOf(entry)];
  const { strategy, state } = supervisor;
  return ["supervisor", strategy, ...kindOf(entry), entry === undefined || entry.state === "running" ? state : entry.state, ...restartsOf(entry)];
}

/** Of a stage or another child. */
export function factsOf({ snapshot, entry, children }: Vertex): readonly string[] {
  if (snapshot === undefined) return ["async function", ...kindOf(entry), entry?.state ?? "running", ...restartsOf(entry)];
  const lifeOf = entry === undefined || entry.state === "running" ? statesOf(snapshot) : [entry.state];
  return [
    snapshot.role,
    ...kindOf(entry),
    ...lifeOf,
    ...(children === undefined ? [] : [count(children.workers, "child", "children"), ...some("restarting", children.workers - children.active)]),
    ...restartsOf(entry),
    ...countsOf(snapshot),
  ];
}

/** Of a subscription. */
export function factsOfFeed({ asked, unanswered, unansweredMs }: Feed): string {
  if (asked === undefined) return ["manual", ...some("unanswered", unanswered), ...waits(unansweredMs)].join(", ");
  const inFlight = unanswered === undefined ? 0 : asked - unanswered;
  return [`asked ${asked}`, ...(inFlight > 0 ? [`${inFlight} in flight`] : []), ...waits(unansweredMs)].join(", ");
}

/** For how long nothing has come; less than a second goes without saying. */
function waits(ms = 0): readonly string[] {
  return ms >= 1000 ? [`nothing for ${Math.floor(ms / 1000)} s`] : [];
}

/** The default goes without saying. */
function kindOf(entry: Entry | undefined): readonly string[] {
  return entry === undefined || entry.restart === "permanent" ? [] : [entry.restart];
}

function restartsOf(entry: Entry | undefined): readonly string[] {
  if (entry === undefined) return [];
  const { restarts, lastEnd } = entry;
  return [...(restarts > 0 ? [count(restarts, "restart", "restarts")] : []), ...(lastEnd === undefined ? [] : [`last end: ${reasonOf(lastEnd)}`])];
}

function reasonOf(reason: ExitReason): string {
  if (reason.type === "normal") return "normal";
  if (reason.type === "error") return `error (${told(reason.error)})`;
  return reason.reason === undefined ? "shutdown" : `shutdown (${told(reason.reason)})`;
}

/** Of an error its message, too: of one line, and never long. */
function told(value: unknown): string {
  if (!(value instanceof Error)) return show(value);
  const text = inLine(`${value.name}: ${value.message}`);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
