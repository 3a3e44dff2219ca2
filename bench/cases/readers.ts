/** How many consumers share the events, or get all of them. */
export const READERS = 4;
