/**
 * The run queue of all stages of a realm, and its time slices.
 *
 * Posting a message never runs its receiver (law 4), so nothing recurses whatever the depth of a chain or the size of a
 * demand. The queue runs in a microtask for about 2 ms, then lets the event loop turn (law 6). A slice belongs to the
 * macrotask, not to a run of the queue: otherwise a loop that posts, runs and posts again in microtasks would never end
 * its turn.
 */
import type { Port } from "./protocol.ts";

/** Measured: with 5 ms a saturated pipeline misses the target for timers, 1 ms costs nothing at lists of 500. */
const SLICE_MS = 2;
/** The clock costs about 45 ns, so it is read when this many units of work are spent, not at each message. */
const MOST_CREDIT = 16;
/** To {@link spend} so much is to have the clock read. */
export const FULL_CREDIT: number = MOST_CREDIT;
/** A reading later than this after the last one means slow callbacks: read at each message until they are fast again. */
const SLOW_MS = 1;
const FAST_MS = 0.25;
/**
 * So many readings must find it fast before the next is put off: between two slow callbacks there are always some messages
 * that do nothing. With one, calls of 1 ms ran 16 in a row in each slice.
 */
const FAST_READINGS = 8;

// Captured when the module loads: the loop turn and the slice clock are not time, and a test's fake timers must not freeze
// a pipeline.
const clock: () => number = performance.now.bind(performance);
const microtask: (task: () => void) => void = queueMicrotask;
const nextTurn: (task: () => void) => void = macrotask();
const READY: Promise<void> = Promise.resolve();

/** Ports at even places, their messages behind them. One ring: no object for a message. */
let ring: unknown[] = Array.from({ length: 1024 });
let mask = ring.length - 1;
let head = 0;
let tail = 0;

let running = false;
let woken = false;
/** A macrotask is on its way that ends this slice. */
let turnArmed = false;
let sliceOver = false;
let sliceEnd = 0;
let lastReading = 0;
let isMeasured = false;
let credit = 0;
let creditAtReading = MOST_CREDIT;
let fastReadings = 0;
let afterTurn: (() => void)[] = [];
let atTurn: (() => void)[] = [];

/** Puts a message at the end of the run queue. `port.receive(message)` is called later, never in this call. */
export function post<Message>(port: Port<Message>, message: Message): void {
  enqueue(port, message);
  if (!woken) wake();
}

/** As {@link post}, for a caller who will call {@link runNow} in a microtask of its own. */
export function enqueue<Message>(port: Port<Message>, message: Message): void {
  ring[tail] = port;
  ring[tail + 1] = message;
  tail = (tail + 2) & mask;
  if (tail === head) grow();
}

/** Runs the queue, when a microtask calls it that would otherwise wait for the queue's own; does nothing when the slice is over. */
export function runNow(): void {
  if (running || sliceOver) return;
  if (!turnArmed) armTurn();
  run();
}

/** Wakes the queue for messages that {@link enqueue} left there. */
export function wake(): void {
  if (woken || running) return;
  woken = true;
  if (!turnArmed) armTurn();
  // A reaction of a promise: `queueMicrotask` of Node makes an AsyncResource for each task, 300 ns.
  if (!sliceOver) void READY.then(wakened);
}

/**
 * Counts work that is done outside of the queue's own count, in units of a message or 16 events. Returns whether the slice
 * is over: then the caller goes on in a message of its own.
 */
export function spend(units: number): boolean {
  if (!turnArmed) armTurn();
  credit -= units;
  return sliceOver || (credit <= 0 && readClock());
}

/** Goes on with `task` in the next macrotask. */
export function inNextTurn(task: () => void): void {
  afterTurn.push(task);
  if (!turnArmed) armTurn();
}

/** Calls `look` in the next macrotask, before anything goes on. */
export function atNextTurn(look: () => void): void {
  atTurn.push(look);
  if (!turnArmed) armTurn();
}

/** Whether no message waits, and nobody goes on in the next turn. */
export function isIdle(): boolean {
  return head === tail && afterTurn.length === 0;
}

/** The time of the last reading in ms, at most a slice old while the queue runs. */
export function lastTime(): number {
  return lastReading;
}

/** Reads the clock, in ms. */
export function readTime(): number {
  lastReading = clock();
  return lastReading;
}

/** Throws an error where nobody can catch it: an uncaught exception, with its identity. */
export function throwUncaught(error: unknown): void {
  microtask(() => {
    throw error;
  });
}

/** Somebody measures time: what others did before the queue woke is not to be charged to the first stage in it. */
export function measureWaking(): void {
  isMeasured = true;
}

function wakened(): void {
  if (isMeasured) readTime();
  if (!sliceOver) run();
}

function run(): void {
  running = true;
  woken = true;
  while (head !== tail) {
    const port = ring[head] as Port<unknown>;
    const message = ring[head + 1];
    ring[head] = undefined;
    ring[head + 1] = undefined;
    head = (head + 2) & mask;
    try {
      port.receive(message);
    } catch (error) {
      // No callback of a user comes here: a stage handles their failures. What does is a foreign port or a defect.
      throwUncaught(error);
    }
    credit -= Array.isArray(message) ? 1 + (message.length >> 4) : 1;
    if (credit <= 0 && readClock()) break;
  }
  running = false;
  // While messages wait for the next slice the queue counts as woken: posting must not wake it before.
  woken = head !== tail;
}

function readClock(): boolean {
  const before = lastReading;
  const gap = readTime() - before;
  if (gap > SLOW_MS) {
    creditAtReading = 1;
    fastReadings = 0;
  } else if (gap < FAST_MS && creditAtReading < MOST_CREDIT) {
    fastReadings += 1;
    if (fastReadings === FAST_READINGS) {
      creditAtReading *= 2;
      fastReadings = 0;
    }
  }
  credit = creditAtReading;
  sliceOver = lastReading >= sliceEnd;
  return sliceOver;
}

function armTurn(): void {
  turnArmed = true;
  sliceOver = false;
  sliceEnd = readTime() + SLICE_MS;
  // A look behind the first message of each slice: who was fast before may be slow now.
  credit = 1;
  nextTurn(turn);
}

function turn(): void {
  turnArmed = false;
  sliceOver = false;
  if (atTurn.length > 0) {
    const looks = atTurn;
    atTurn = [];
    for (const look of looks) look();
  }
  if (afterTurn.length > 0) {
    const tasks = afterTurn;
    afterTurn = [];
    for (const task of tasks) task();
  }
  if (head !== tail) {
    // Every turn makes progress, whatever the slice: `run` looks at the clock after a message, not before. The tasks may have
    // armed the next turn: with two of them in one phase of the event loop, and four in the next, its timers starve.
    if (!turnArmed) armTurn();
    run();
  }
}

function grow(): void {
  const { length } = ring;
  const larger: unknown[] = Array.from({ length: length * 2 });
  for (let i = 0; i < length; i += 1) larger[i] = ring[(head + i) & mask];
  ring = larger;
  mask = ring.length - 1;
  head = 0;
  tail = length;
}

/** `setImmediate` where there is one; a message channel elsewhere, as browsers clamp nested timers to 4 ms. */
function macrotask(): (task: () => void) => void {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  if (setImmediate !== undefined) return (task) => void setImmediate(task);
  const tasks: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel() as unknown as { port1: { onmessage: () => void }; port2: { postMessage(value: unknown): void } };
  port1.onmessage = () => tasks.splice(0).forEach((task) => task());
  return (task) => {
    tasks.push(task);
    port2.postMessage(undefined);
  };
}
