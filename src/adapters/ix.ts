/**
 * IxJS: its async iterables, and whatever has their shape. Nothing of IxJS is loaded.
 *
 * @module sluice/ix
 */
export { fromIx, type FromIxListsOptions, type FromIxOptions, type IxSource } from "./ix/from-ix.ts";
export type { IxIterable, IxOperators } from "./ix/shapes.ts";
export { throughIx, type ThroughIxListsOptions, type ThroughIxOptions } from "./ix/through-ix.ts";
export { toIx, type ToIxListsOptions, type ToIxOptions } from "./ix/to-ix.ts";
