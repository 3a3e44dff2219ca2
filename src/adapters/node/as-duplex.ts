/**
 * A producerConsumer, or a chain of stages, as a Node Duplex: for `pipeline(a, duplex, b)`, `pipe` and `compose`.
 *
 * Demand: what is read from the Duplex is demanded of the output, as for `toReadable`; what the stages demand of their input
 * is taken from what is written, as for `asWritable`.
 *
 * Overflow: each half holds its high-water mark; between them is what the stages hold by their windows.
 *
 * Completion and errors: `end` completes the input; 'finish' comes when the stages have taken everything, 'end' when the
 * output has ended normally. An error of the output destroys the Duplex with the same object, when what came before has been
 * read; so a stop does with a `StoppedError`. Until then a write waits. When the output ends normally first, what is
 * written from then on is dropped, as a Transform does; `allowHalfOpen: false` ends the writable half instead.
 *
 * Cancel: `destroy(error)` ends the subscription of the readable half and fails the input, each with that error; `destroy()`
 * before both halves have ended fails the input with `SLUICE_BAD_PARTNER`. 'close' waits for what that has stopped for at
 * most `closeWithinMs`.
 *
 * Acks: those of `toReadable` for what is read, of `asWritable` for what is written: with `processed` a stage that is given
 * asks for one event at a time, and so must what a function makes.
 */
import { Duplex, type DuplexOptions } from "node:stream";
import { checkOption, checkPlain, integer, isBoolean, type Check, type ExitReason, type Producer, type ProducerConsumer } from "../../core/index.ts";
import { Inflow, type Written } from "./inflow.ts";
import { inflowSettings, type InflowOptions } from "./inflow-options.ts";
import { checkSupply, isSubscribable, supplySettings, type SupplyOptions } from "./supply-options.ts";
import { Supply, type SupplySettings } from "./supply.ts";
import { told } from "./told.ts";

/** Options of {@link asDuplex}: those of the two halves. */
export interface AsDuplexOptions extends SupplyOptions, InflowOptions {
  /** A label of the input for reports and errors. Default the role and a number. */
  readonly name?: string | undefined;
  /** `false`: both halves are streams of bytes. Default true. */
  readonly objectMode?: boolean | undefined;
  /** As `objectMode`, for the readable half alone. */
  readonly readableObjectMode?: boolean | undefined;
  /** As `objectMode`, for the writable half alone. */
  readonly writableObjectMode?: boolean | undefined;
  /** How much each half holds, in events or bytes. Default that of Node. */
  readonly highWaterMark?: number | undefined;
  /** As `highWaterMark`, for the readable half alone. */
  readonly readableHighWaterMark?: number | undefined;
  /** As `highWaterMark`, for the writable half alone. */
  readonly writableHighWaterMark?: number | undefined;
  /** `false`: the writable half ends with the readable one. Default true. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** A stage, which is subscribed to the input, or a function of the input that returns the output. */
export type DuplexSource<In, Out> = ProducerConsumer<In, Out> | ((input: Producer<In>) => Producer<Out>);

/**
 * A Duplex whose writable half is the input of the stages, and whose readable half is one more consumer of their output.
 * What a function returns is made for this Duplex, and is stopped when that is destroyed.
 *
 * @throws BadOptionError when it is neither a producerConsumer nor a function that returns a producer, or an option is wrong
 */
export function asDuplex<In = unknown, Out = unknown>(source: DuplexSource<In, Out>, options: AsDuplexOptions = {}): Duplex {
  checkPlain("asDuplex", options);
  const isMade = typeof source === "function";
  if (!isMade) checkOption("the source of asDuplex", source, isProducerConsumer);
  const { name, processed, decodeStrings, ...others } = options;
  const { halves, rest } = split(others);
  checkSupply(rest, halves.readableObjectMode || halves.writableObjectMode);
  const settings = inflowSettings<In>("asDuplex", { processed, decodeStrings }, { name }, halves.writableObjectMode, rest.nullish === "wrap");

  const inflow = new Inflow<In>(settings, (reason) => duplex?.inputEnded(reason));
  let duplex: StageDuplex<In, Out> | undefined;
  let output: Producer<Out> | undefined;
  try {
    output = isMade ? source(inflow.producer) : source;
    checkOption("what the function of asDuplex returns", output, isSubscribable);
    const supply = supplySettings("asDuplex", output, rest, halves.readableObjectMode, KNOWN);
    if (!isMade) source.subscribe(inflow.producer, processed === true ? { maxDemand: 1 } : {});
    return (duplex = new StageDuplex(inflow, output, isMade, supply, { ...halves, decodeStrings }));
  } catch (error) {
    void inflow.producer.stop(error);
    if (isMade) void output?.stop?.(error);
    throw error;
  }
}

const KNOWN = [
  "name",
  "processed",
  "decodeStrings",
  "objectMode",
  "readableObjectMode",
  "writableObjectMode",
  "highWaterMark",
  "readableHighWaterMark",
  "writableHighWaterMark",
  "allowHalfOpen",
] as const;

type Rest = Omit<AsDuplexOptions, (typeof KNOWN)[number]>;

/** The options of the stream, checked, and the others. */
function split(options: Omit<AsDuplexOptions, "name" | "processed" | "decodeStrings">): { readonly halves: Halves; readonly rest: Rest } {
  const { objectMode, readableObjectMode, writableObjectMode, highWaterMark, readableHighWaterMark, writableHighWaterMark, allowHalfOpen, ...rest } = options;
  for (const [option, value] of Object.entries({ objectMode, readableObjectMode, writableObjectMode, allowHalfOpen })) {
    if (value !== undefined) checkOption(option, value, isBoolean);
  }
  for (const [option, value] of Object.entries({ highWaterMark, readableHighWaterMark, writableHighWaterMark })) {
    if (value !== undefined) checkOption(option, value, integer(0));
  }
  const halves = {
    readableObjectMode: readableObjectMode ?? objectMode ?? true,
    writableObjectMode: writableObjectMode ?? objectMode ?? true,
    readableHighWaterMark: readableHighWaterMark ?? highWaterMark,
    writableHighWaterMark: writableHighWaterMark ?? highWaterMark,
    allowHalfOpen,
  };
  return { halves, rest };
}

interface Halves extends DuplexOptions {
  readonly readableObjectMode: boolean;
  readonly writableObjectMode: boolean;
}

const isProducerConsumer: Check = (value) =>
  isSubscribable(value) === undefined && typeof (value as { readonly subscribe?: unknown }).subscribe === "function"
    ? undefined
    : "a producerConsumer, or a function of the input that returns a producer";

class StageDuplex<In = unknown, Out = unknown> extends Duplex {
  readonly #inflow: Inflow<In>;
  readonly #supply: Supply<Out>;
  readonly #output: Producer<Out>;
  /** The output was made for this stream. */
  readonly #isOwner: boolean;
  /** How the input has ended, while the output has not. */
  #inputEnd: ExitReason | undefined;

  constructor(inflow: Inflow<In>, output: Producer<Out>, isOwner: boolean, settings: SupplySettings, options: DuplexOptions) {
    super(options);
    this.#inflow = inflow;
    this.#output = output;
    this.#isOwner = isOwner;
    this.#supply = new Supply(this, output, { ...settings, handleEnd: () => this.#outputEnded() });
    this.#supply.heed();
  }

  /** The stages take no more. Whether that is an error the output says, behind what it still has. */
  inputEnded(reason: ExitReason): void {
    this.#inputEnd = reason;
  }

  /** Further input would go where nobody sees what becomes of it. */
  #outputEnded(): void {
    if (this.#inputEnd?.type === "error") this.destroy(told(this.#inputEnd.error, this.#inflow.producer.name));
    else this.#inflow.drop();
  }

  override read(size?: number): unknown {
    // Node would go on to emit what it holds.
    if (this.destroyed) return null;
    const event: unknown = super.read(size);
    this.#supply.taken(event === null && size !== 0);
    return event;
  }

  override _read(): void {
    this.#supply.wanted();
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    this.#inflow.write(chunk, encoding, done);
  }

  override _writev(entries: readonly Written[], done: Done): void {
    this.#inflow.writev(entries, done);
  }

  override _final(done: Done): void {
    this.#inflow.final(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#supply.leave(error, done);
    this.#inflow.destroyed(error);
    if (this.#isOwner) void this.#output.stop?.(error ?? undefined);
  }
}

type Done = (error?: Error | null) => void;
