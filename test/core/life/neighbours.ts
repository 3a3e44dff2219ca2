import {
  producer,
  producerConsumer,
  type CompleteOption,
  type Handlers,
  type ProducerConsumer,
  type ProducerConsumerOptions,
  type ProducerOptions,
  type PushProducer,
  type Report,
  type SubscribeOptions,
} from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";

/** Keeps what is worth telling, but for what comes with each end of a producer. */
function recorder(reports: Report[]): (report: Report) => void {
  return (report) => {
    if (report.kind !== "consumer-stopping") reports.push(report);
  };
}

/** A producerConsumer with a probe on either side. */
export interface Between<In, Out> {
  readonly up: ProducerProbe<In>;
  readonly stage: ProducerConsumer<In, Out>;
  readonly down: ConsumerProbe<Out>;
  readonly reports: readonly Report[];
}

export type BetweenOptions<In, Out> = ProducerConsumerOptions<Out> & CompleteOption<Out, Out> & Handlers<In, Out, Out>;

/** Puts a stage between two probes, and lets both subscriptions settle. */
export async function between<In, Out>(
  options: BetweenOptions<In, Out>,
  subscription: SubscribeOptions = { maxDemand: 4, minDemand: 2 },
): Promise<Between<In, Out>> {
  const reports: Report[] = [];
  const stage = producerConsumer<In, Out>({ name: "stage", handleReport: recorder(reports), ...options });
  const up = new ProducerProbe<In>({ name: "up" });
  stage.subscribe(up.producer, subscription);
  const down = new ConsumerProbe<Out>(stage, { name: "down" });
  await settle();
  return { up, stage, down, reports };
}

/** A producer with a probe behind it. */
export interface Above<Out> {
  readonly stage: PushProducer<Out>;
  readonly down: ConsumerProbe<Out>;
  readonly reports: readonly Report[];
}

export async function above<Out>(options: ProducerOptions<Out>): Promise<Above<Out>> {
  const reports: Report[] = [];
  const stage = producer<Out>({ name: "stage", handleReport: recorder(reports), ...options });
  const down = new ConsumerProbe<Out>(stage, { name: "down" });
  await settle();
  return { stage, down, reports };
}
