/**
 * Publishers, Subscribers and Processors of the Reactive Streams specification, in both directions.
 *
 * @module sluice/reactive-streams
 */
export { asProcessor, asSubscriber, type AsSubscriberOptions } from "./reactive-streams/as-subscriber.ts";
export { fromPublisher, type FromPublisherOptions } from "./reactive-streams/from-publisher.ts";
export { intoSubscriber, type IntoSubscriberOptions } from "./reactive-streams/into-subscriber.ts";
export type { Processor, Publisher, Subscriber, Subscription } from "./reactive-streams/shapes.ts";
export { toPublisher, type ToPublisherOptions } from "./reactive-streams/to-publisher.ts";
