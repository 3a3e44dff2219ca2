import highland from "highland";

/** A generator of highland: it pushes a value and asks to be called again. */
export function countHighland(events: number): Highland.Stream<number> {
  let next = 0;
  return highland<number>((push, again) => {
    if (next < events) {
      push(null, next++);
      again();
    } else {
      push(null, highland.nil);
    }
  });
}
