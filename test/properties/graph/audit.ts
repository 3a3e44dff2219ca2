/** Holds a graph that is quiet against the properties. */
import { getEventListeners } from "node:events";
import { hasCode, type Box } from "./box.ts";
import { endsOf, isAllowed, isSame } from "./endings.ts";
import type { Input } from "./input.ts";
import type { Reading } from "./reading.ts";
import type { Token } from "./token.ts";

/** What an audit looks at. */
export interface Audited {
  readonly boxes: readonly Box[];
  readonly readings: readonly Reading[];
  readonly dismissals: ReadonlySet<unknown>;
  readonly pending: number;
}

/** What holds whenever no message is on its way. */
export function audit(graph: Audited): void {
  for (const box of graph.boxes) {
    box.look();
    balance(box);
    for (const input of box.inputs) inputAccount(input);
    if (box.producer !== undefined) {
      outputAccount(box, graph.readings.filter((reading) => reading.box === box));
      if (!box.isHeld) wires(box, graph.dismissals);
    }
  }
}

/** What must not be left undone when no message is on its way. */
export function auditProgress({ boxes }: Audited): void {
  for (const box of boxes) {
    if (box.isHeld) continue;
    if (box.stage.snapshot().state === "running") {
      if (box.producer !== undefined) delivers(box);
      if (box.consumer !== undefined) handles(box);
    }
  }
}

/** What holds when everything has been stopped. */
export function auditEnd({ boxes, readings, pending }: Audited): void {
  for (const box of boxes) {
    const { ended, plan, stops, stage } = box;
    const { input, output, state } = stage.snapshot();
    box.check("P17", state === "ended" && ended !== undefined, () => `it is ${state} after a stop`);
    // A `handleStop` that fails makes an error of a normal end.
    const isAsTold = stops[0]?.type === ended?.type || (stops[0]?.type === "normal" && ended?.type === "error");
    if (plan.role !== "iterable") box.check("P17", stops.length === 1 && isAsTold, () => `handleStop was called with ${show(stops)}, it has ended with ${show(ended)}`);
    if (ended !== undefined) {
      box.check("P11", isAllowed(box, ended), () => `it has ended with ${show(ended)}, and was given ${show(box.causes)} and ${show(box.inputs.map(({ closedWith }) => closedWith))}`);
      const completions = ended.type === "normal" && box.consumer !== undefined ? 1 : 0;
      box.check("P17", box.completions >= completions && box.completions <= 1, () => `handleComplete was called ${box.completions} times, it has ended with ${show(ended)}`);
    }
    box.check("P5", (input?.queued ?? 0) + (input?.inCallback ?? 0) + (output?.buffered ?? 0) === 0, () => `something is left: ${show({ input, output })}`);
    box.check("P10", (output?.consumers.length ?? 0) === 0 && (input?.subscriptions.length ?? 0) === 0, () => `somebody is remembered: ${show({ input, output })}`);
    for (const wire of box.wires) {
      box.check("P11", wire.end !== undefined || wire.cancel?.kind === "down", () => `${wire.consumer} was not told of the end\n  ${wire.history.join("\n  ")}`);
    }
    for (const each of box.inputs) box.check("P11", each.isClosed, () => "a subscription has not closed");
    box.check("P18", getEventListeners(box.controller.signal, "abort").length === 0, () => "it still listens to its signal");
    released(box);
  }
  for (const reading of readings) reading.box.check("P14", reading.pending === 0, () => `${reading.pending} calls of a reader have not settled`);
  boxes[0]?.violations.check("P14", pending === 0, () => `${pending} promises of stop, cancel or flushed have not settled`);
}

/** Law 7. */
function balance(box: Box): void {
  const { input, output } = box.stage.snapshot();
  if (input !== undefined) {
    const { received, queued, inCallback, handled, failed, lost } = input;
    const sum = queued + inCallback + handled + failed + lost;
    box.check("P5", received === sum && Math.min(queued, inCallback, handled, failed, lost) >= 0, () => `received ${received}, accounted for ${sum}: ${show(input)}`);
  }
  if (output !== undefined) {
    const { emitted, delivered, buffered, discarded, dropped, lost } = output;
    const sum = delivered + buffered + discarded + dropped + lost;
    box.check("P5", emitted === sum && Math.min(delivered, buffered, discarded, dropped, lost) >= 0, () => `emitted ${emitted}, accounted for ${sum}: ${show(output)}`);
    const reported = box.reports.reduce((count, report) => count + (report.kind === "discarded" ? report.count : 0), 0);
    box.check("P5", reported === discarded, () => `${discarded} events are discarded, ${reported} are reported`);
  }
}

/** A subscription, as its consumer has it. */
function inputAccount(each: Input): void {
  const { box, plan, wire, shadow } = each;
  const sent = shadow?.sent.length ?? 0;
  box.check("P5", sent === wire.delivered, () => `${each.from.name} has sent it ${sent} events, ${wire.delivered} have come`);
  asksInTime(each);
  if (box.isHeld) return;
  const { input, state } = box.stage.snapshot();
  const received = box.inputs.reduce((sum, other) => sum + other.wire.delivered, 0);
  box.check("P5", input?.received === received, () => `it has received ${input?.received ?? 0} events of ${received}`);
  if (state !== "running" || !box.guard.isIdle) return;
  const open = box.inputs.filter(({ isClosed }) => !isClosed);
  const known = input?.subscriptions ?? [];
  box.check("P10", known.length === open.length, () => `it knows of ${known.length} subscriptions, ${open.length} are open`);
  const place = open.indexOf(each);
  if (place < 0 || each.isOwn || wire.end !== undefined) return;
  const outstanding = wire.asked - each.finished;
  box.check("P3", known[place]?.outstanding === outstanding, () => `${known[place]?.outstanding ?? 0} are outstanding, ${wire.asked} were asked for and ${each.finished} handled`);
  box.check("P15", outstanding > plan.minDemand, () => `${outstanding} are outstanding, minDemand is ${plan.minDemand}`);
}

/** First the whole window, then never before `minDemand` is reached. What a broadcast asks again for a selector is none of the consumer's. */
function asksInTime({ box, from, plan: { maxDemand, minDemand }, shadow }: Input): void {
  if (shadow === undefined || from.plan.dispatcher.kind === "broadcast") return;
  const isInTime = shadow.asks.every((ask, place) => (place === 0 ? ask === maxDemand : ask >= maxDemand - minDemand));
  box.check("P15", isInTime, () => `it asks for ${show(shadow.asks)}, its window is ${maxDemand}/${minDemand}`);
}

/** What a stage has emitted, and where it is. */
function outputAccount(box: Box, readings: readonly Reading[]): void {
  const { watched } = box;
  const { output } = box.stage.snapshot();
  if (watched === undefined || output === undefined) return;
  // What `fromIterable` has in hand it has not emitted, nor what waits behind a slower call.
  if (box.guard.isIdle && box.tokens === undefined) box.check("P5", output.emitted === box.emitted, () => `it has emitted ${output.emitted} events of ${box.emitted}`);
  const seen = new Set<string>();
  const note = (event: Token, what: string): void => {
    const id = `${event.lane} ${event.seq}`;
    box.check("P5", !seen.has(id), () => `${what} ${show(event)} twice`);
    seen.add(id);
  };
  for (const event of watched.taken) note(event, "dispatches");
  // An exact reader takes from the buffer, past the dispatcher.
  const sent = new Set(watched.shadows.flatMap((shadow) => shadow.sent));
  for (const reading of readings) for (const event of reading.events) if (!sent.has(event)) note(event, "gives a reader");
  box.check("P5", output.delivered + output.dropped + watched.queued <= seen.size + output.lost, () => `it has delivered ${output.delivered} events, ${seen.size} were sent`);
  // Calls that run beside each other without an order have none.
  if (box.plan.concurrency > 1 && !box.plan.ordered) return;
  for (const shadow of watched.shadows) inOrder(box, shadow.sent, shadow.name);
  for (const reading of readings) inOrder(box, reading.events, "a reader");
}

function inOrder(box: Box, events: readonly Token[], consumer: string): void {
  const last = { callback: -1, outside: -1 };
  for (const { lane, seq } of events) {
    box.check("P6", seq > last[lane], () => `${consumer} gets event ${seq} of ${lane} behind ${last[lane]}`);
    last[lane] = seq;
  }
}

/** The wires of a producing stage whose mailbox is empty. */
function wires(box: Box, dismissals: ReadonlySet<unknown>): void {
  const { watched, ended } = box;
  const { output, state } = box.stage.snapshot();
  for (const wire of box.wires) {
    const { cancel, end, asked, delivered, consumer, history, options } = wire;
    const shadow = watched?.shadows.find((each) => each.options === options);
    box.check("P11", !wire.isAwaitingEnd, () => `the cancel of ${consumer} is not confirmed\n  ${history.join("\n  ")}`);
    if (shadow?.isSubscribed === true && state === "running" && end === undefined && cancel === undefined) {
      const open = watched?.oracle.openOf(shadow);
      box.check("P3", open === asked - delivered, () => `${open ?? 0} are open for ${consumer}, ${asked} were asked for and ${delivered} delivered`);
    }
    if (end === undefined) continue;
    if (end.kind === "down") box.check("P11", ended === undefined || isSame(end.reason, ended), () => `${consumer} was told ${show(end.reason)}, it ended with ${show(ended)}`);
    else {
      const { reason } = end;
      const isRefused = reason.type === "error" && (hasCode(reason.error, "SLUICE_BAD_OPTION") || hasCode(reason.error, "SLUICE_ALREADY_SUBSCRIBED"));
      const isDue = isRefused || (cancel !== undefined && isSame(cancel.reason, reason)) || (reason.type === "shutdown" && dismissals.has(reason.reason));
      box.check("P11", isDue, () => `the subscription of ${consumer} ended with ${show(reason)}\n  ${history.join("\n  ")}`);
    }
  }
  const known = output?.consumers.length ?? 0;
  const open = box.wires.filter(({ cancel, end }) => cancel === undefined && end === undefined).length;
  // Readers are beside the wires.
  const readers = output?.consumers.filter((name) => name.startsWith("a reader of ")).length ?? 0;
  box.check("P10", known - readers === open, () => `it knows of ${known - readers} consumers, ${open} are there`);
}

/** A running stage does not sit on events, or on demand. */
function delivers(box: Box): void {
  const { watched, plan, producer } = box;
  const { output } = box.stage.snapshot();
  if (watched === undefined || output === undefined || producer?.demandMode !== "forward") return;
  const { capacity, isFull, queued } = watched.oracle;
  const buffered = output.buffered - queued;
  box.check("P14", buffered === 0 || capacity === 0 || isFull, () => `it has ${buffered} events buffered, and its consumers have ${capacity} open`);
  if (plan.role === "producer" && plan.brings !== "outside" && !isFull) {
    const owed = box.isDriven ? box.demanded : box.owed;
    box.check("P14", capacity - buffered <= owed, () => `its consumers have ${capacity} open, and its source was asked for ${owed}`);
  }
  if (box.tokens !== undefined && !isFull) {
    box.check("P14", capacity === 0 || box.tokens.isOver || box.tokens.inFlight > 0, () => `its consumers have ${capacity} open, and its iterable is not asked`);
  }
}

/** A running stage does not sit on its input, and ends when it must. */
function handles(box: Box): void {
  const { input } = box.stage.snapshot();
  const { watched } = box;
  const isOpen = watched === undefined || (watched.oracle.capacity > 0 && !watched.oracle.isFull && (box.producer?.bufferedCount ?? 0) === watched.oracle.queued);
  if (!isOpen || !box.guard.isIdle) return;
  box.check("P14", input?.queued === 0, () => `it has ${input?.queued ?? 0} events queued, and could handle them`);
  const cause = endsOf(box);
  box.check("P14", cause === undefined, () => `it must have ended with ${show(cause)}`);
}

function released(box: Box): void {
  const { tokens } = box;
  if (tokens === undefined) return;
  // Who is told to return while `next` is in flight may end by itself afterwards.
  const isReturned = tokens.made === 0 || tokens.isOver || tokens.returns === 1;
  box.check("P18", tokens.made <= 1 && isReturned, () => `${tokens.made} iterators were made, return was called ${tokens.returns} times`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (each instanceof Error ? each.message : each)) ?? "nothing";
}
