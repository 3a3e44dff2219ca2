import type { Dispatcher, DispatcherHost, Recipient } from "sluice";

/** Sends each event to the consumer that came first and has open demand. To be broken in one method at a time. */
export class Honest implements Dispatcher<number> {
  readonly open: Map<Recipient<number>, number> = new Map();

  get capacity(): number {
    return [...this.open.values()].reduce((sum, demand) => sum + demand, 0);
  }

  subscribe(recipient: Recipient<number>): void {
    this.open.set(recipient, 0);
  }

  ask(recipient: Recipient<number>, demand: number): void {
    const before = this.open.get(recipient);
    if (before !== undefined) this.open.set(recipient, before + demand);
  }

  cancel(recipient: Recipient<number>): void {
    this.open.delete(recipient);
  }

  dispatch(events: readonly number[]): number {
    let taken = 0;
    for (const [recipient, demand] of this.open) {
      const list = events.slice(taken, taken + demand);
      if (list.length === 0) continue;
      this.open.set(recipient, demand - list.length);
      this.deliver(recipient, list);
      taken += list.length;
    }
    return taken;
  }

  deliver(recipient: Recipient<number>, list: readonly number[]): void {
    recipient.send(list);
  }
}

interface Lane {
  recipient: Recipient<number> | undefined;
  open: number;
  queue: number[];
}

/** Three lanes, each with a queue and with every third event. To be broken in one method at a time. */
export class HonestLanes implements Dispatcher<number> {
  readonly options: readonly string[] = ["lane"];
  readonly host: DispatcherHost;
  readonly lanes: readonly Lane[] = [0, 1, 2].map(() => ({ recipient: undefined, open: 0, queue: [] }));
  marks: { left: Set<number>; reached: () => void }[] = [];

  constructor(host: DispatcherHost) {
    this.host = host;
  }

  get queued(): number {
    return this.lanes.reduce((sum, { queue }) => sum + queue.length, 0);
  }

  get capacity(): number {
    return Math.max(0, this.lanes.reduce((sum, { open }) => sum + open, 0) - this.queued);
  }

  subscribe(recipient: Recipient<number>): void {
    const lane = this.lanes[recipient.options["lane"] as number];
    if (lane === undefined) throw new RangeError("no such lane");
    if (lane.recipient !== undefined) throw new Error("the lane is taken");
    lane.recipient = recipient;
  }

  ask(recipient: Recipient<number>, demand: number): void {
    const lane = this.laneOf(recipient);
    if (lane === undefined) return;
    lane.open += demand;
    this.deliver(lane);
  }

  cancel(recipient: Recipient<number>): void {
    const lane = this.laneOf(recipient);
    if (lane === undefined) return;
    lane.recipient = undefined;
    lane.open = 0;
  }

  dispatch(events: readonly number[]): number {
    const taken = Math.min(events.length, this.capacity);
    for (const event of events.slice(0, taken)) this.lanes[event % 3]?.queue.push(event);
    for (const lane of this.lanes) this.deliver(lane);
    return taken;
  }

  mark(reached: () => void): void {
    this.marks.push({ left: new Set(this.lanes.flatMap(({ queue }) => queue)), reached });
  }

  clear(): void {
    for (const lane of this.lanes) lane.queue = [];
  }

  laneOf(recipient: Recipient<number>): Lane | undefined {
    return this.lanes.find((lane) => lane.recipient === recipient);
  }

  deliver(lane: Lane): void {
    const list = lane.queue.splice(0, lane.open);
    if (list.length === 0) return;
    lane.open -= list.length;
    lane.recipient?.send(list);
    this.pass(list);
  }

  pass(list: readonly number[]): void {
    for (const { left } of this.marks) for (const event of list) left.delete(event);
    const reached = this.marks.filter(({ left }) => left.size === 0);
    this.marks = this.marks.filter(({ left }) => left.size > 0);
    for (const mark of reached) mark.reached();
  }
}
