/** Whether two values have the same structure: for lists of events in expectations. It never throws. */

/**
 * Equal are: the same value (`Object.is`); arrays, plain objects, errors and instances of one class with equal properties;
 * dates, regular expressions, bytes, maps and sets with equal contents. Whatever shows nothing of itself (a function, a
 * promise, an instance that keeps all it has private) is equal to itself only.
 */
export function isEqual(one: unknown, other: unknown): boolean {
  try {
    return isSame(one, other, []);
  } catch {
    // A getter or a trap has thrown: there is nothing to compare.
    return false;
  }
}

/** Two objects that are being compared further up. */
type Pair = readonly [object, object];

function isSame(one: unknown, other: unknown, above: readonly Pair[]): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (above.some(([left, right]) => left === one && right === other)) return true;
  const inside: readonly Pair[] = [...above, [one, other]];
  const kind = tagOf(one);
  if (kind !== tagOf(other)) return false;
  const contents = CONTENTS[kind];
  if (contents !== undefined && !contents(one, other, inside)) return false;
  const keys = keysOf(one, kind);
  if (contents === undefined && !isOpen(one) && keys.length === 0) return false;
  return keys.length === keysOf(other, kind).length && keys.every((key) => Object.hasOwn(other, key) && isSame(Reflect.get(one, key), Reflect.get(other, key), inside));
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** The properties that count: those that are listed, and of an error what it says. */
function keysOf(value: object, kind: string): readonly PropertyKey[] {
  // The elements of bytes are no properties here: they are compared as bytes.
  if (ArrayBuffer.isView(value)) return [];
  const keys = Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  return kind === "Error" ? [...new Set<PropertyKey>([...keys, ...["message", "cause", "errors"].filter((key) => Object.hasOwn(value, key))])] : keys;
}

/** Whether all there is of it can be seen. */
function isOpen(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** What objects of a kind hold beside their properties. */
const CONTENTS: Readonly<Record<string, (one: object, other: object, above: readonly Pair[]) => boolean>> = {
  Array: (one, other) => (one as unknown[]).length === (other as unknown[]).length,
  Error: () => true,
  Date: (one, other) => Object.is((one as Date).getTime(), (other as Date).getTime()),
  RegExp: (one, other) => (one as RegExp).toString() === (other as RegExp).toString() && (one as RegExp).lastIndex === (other as RegExp).lastIndex,
  Number: hasSameValue,
  String: hasSameValue,
  Boolean: hasSameValue,
  BigInt: hasSameValue,
  ArrayBuffer: (one, other) => hasSameBytes(new Uint8Array(one as ArrayBuffer), new Uint8Array(other as ArrayBuffer)),
  ...Object.fromEntries(
    ["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "DataView"].map((name) => [
      name,
      (one: object, other: object) => hasSameBytes(bytesOf(one as ArrayBufferView), bytesOf(other as ArrayBufferView)),
    ]),
  ),
  Map: (one, other, above) => {
    const [left, right] = [one as Map<unknown, unknown>, other as Map<unknown, unknown>];
    return left.size === right.size && hasSameMembers([...left], [...right], above);
  },
  Set: (one, other, above) => {
    const [left, right] = [one as Set<unknown>, other as Set<unknown>];
    return left.size === right.size && hasSameMembers([...left], [...right], above);
  },
};

/** Of a boxed primitive. */
function hasSameValue(one: object, other: object): boolean {
  return Object.is(one.valueOf(), other.valueOf());
}

/** Whatever their order: each has its own match. */
function hasSameMembers(ones: readonly unknown[], others: readonly unknown[], above: readonly Pair[]): boolean {
  const left = [...others];
  return ones.every((one) => {
    const place = left.findIndex((other) => isSame(one, other, above));
    if (place === -1) return false;
    left.splice(place, 1);
    return true;
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function hasSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
