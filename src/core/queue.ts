/** A first-in-first-out queue in a ring that doubles when it is full: no `shift`, no holes, no garbage while it keeps its size. */
export class Queue<Value> {
  #ring: (Value | undefined)[] = [undefined, undefined, undefined, undefined];
  #head = 0;
  #length = 0;

  /** How many values it holds. */
  get length(): number {
    return this.#length;
  }

  /** Puts a value behind the last. */
  push(value: Value): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = value;
    this.#length += 1;
  }

  /** The first value; the caller has looked at `length`. */
  peek(): Value {
    return this.#ring[this.#head] as Value;
  }

  /** Takes the first value out; the caller has looked at `length`. */
  shift(): Value {
    const value = this.#ring[this.#head] as Value;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    return value;
  }

  /** Puts a value before the first. */
  unshift(value: Value): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = value;
    this.#length += 1;
  }

  /** The value at a place counted from the first; the caller has looked at `length`. */
  at(index: number): Value {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] as Value;
  }

  /** Forgets all values. */
  clear(): void {
    this.#ring = [undefined, undefined, undefined, undefined];
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring: (Value | undefined)[] = Array.from({ length: length * 2 });
    for (let i = 0; i < length; i += 1) ring[i] = this.#ring[(this.#head + i) & (length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }
}
