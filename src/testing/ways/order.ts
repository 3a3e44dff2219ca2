import { shown } from "../showing.ts";

/** What is wrong with an event that comes in this place, if something is. */
export function misplaced<Event>(given: readonly Event[], identify: (event: Event) => unknown, event: Event, place: number): string | undefined {
  if (place >= given.length) return `one more: ${shown(event)}`;
  const identity = identify(event);
  if (Object.is(identity, identify(given[place] as Event))) return undefined;
  const other = given.findIndex((each) => Object.is(identify(each), identity));
  return other === -1 ? `${shown(event)} in the place of event ${place}` : `event ${other} in the place of event ${place}`;
}
