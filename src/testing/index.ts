/** For tests of stages: partners that speak the protocol message by message, and a way to wait for quiet. */
export { ConsumerProbe, type ConsumerProbeOptions } from "./consumer-probe.ts";
export { ProbeWire, ProducerProbe, type ProducerProbeOptions } from "./producer-probe.ts";
export { settle } from "./settle.ts";
