import type { Plant } from '../plant.ts';
import { createPrng } from '../prng.ts';
import { decideOn, mapDecider, mapEffects, mapReactors } from './wraps.ts';

const before = (at: string, ms: number): string => new Date(Date.parse(at) - ms).toISOString();

/** Bugs in rules, ids and keys. */
export const definitionPlants: readonly Plant[] = [
  {
    name: 'retry-on-unknown',
    about: 'an effect of unknown outcome is sent again although the provider does not do a key once',
    contexts: (contexts) => mapEffects(contexts, (effect) => ({ ...effect, idempotent: true })),
  },
  {
    name: 'key-from-attempt',
    about: 'the key at the provider holds the attempt',
    contexts: (contexts, { provider, life }) =>
      mapEffects(contexts, (effect) =>
        effect.name === 'giving/notify'
          ? { ...effect, handler: (call) => provider.call(life, effect.name, true, call, `${call.key}#${call.attempt}`) }
          : effect,
      ),
  },
  {
    name: 'key-from-clock',
    about: 'the key at the provider holds the time of the call',
    contexts: (contexts, { provider, life, world }) =>
      mapEffects(contexts, (effect) =>
        effect.name === 'giving/notify'
          ? { ...effect, handler: (call) => provider.call(life, effect.name, true, call, `${call.key}@${world.nowMs()}`) }
          : effect,
      ),
  },
  {
    name: 'call-before-start',
    about: 'the provider is called as soon as the effect is requested, and again once it is started',
    contexts: (contexts, { provider, life, world }) =>
      mapReactors(contexts, (reactor) => ({
        ...reactor,
        react: (event) => {
          const wishes = reactor.react(event);
          for (const wish of wishes)
            if ('effect' in wish && wish.effect === 'house/ring')
              world.after(1, () => void provider.call(life, wish.effect, false, { key: wish.key, attempt: 1 }).catch(() => undefined));
          return wishes;
        },
      })),
  },
  {
    name: 'random-command-id',
    about: "a reactor's commands have random ids, so that a repeat is another command",
    contexts: (contexts, { life }) => {
      const chance = createPrng(life.epoch, 'planted ids');
      return mapReactors(contexts, (reactor) => ({
        ...reactor,
        react: (event) => reactor.react(event).map((item) => ('effect' in item ? item : { ...item, key: String(chance.next()) })),
      }));
    },
  },
  {
    name: 'id-from-now',
    about: "a reactor's command ids hold the time",
    contexts: (contexts, { world }) =>
      mapReactors(contexts, (reactor) => ({
        ...reactor,
        react: (event) =>
          reactor
            .react(event)
            .map((item, index) => ('effect' in item ? item : { ...item, key: `${index} ${Math.floor(world.nowMs() / 1_000)}` })),
      })),
  },
  {
    name: 'float-money',
    about: 'cents are computed as euros in floating point',
    contexts: (contexts) =>
      mapDecider(contexts, 'giving.wallet', (decider) => ({
        decide: (command, state) => {
          const decision = decider.decide(command, state);
          const rounded = ({ type, data }: { type: string; data: never }) => ({
            type,
            data: { ...(data as object), cents: String(Math.floor((Number((data as { cents: string }).cents) / 100) * 100)) },
          });
          return decision.kind === 'accepted' ? { ...decision, events: decision.events.map((event) => rounded(event as never)) } : decision;
        },
      })),
  },
  {
    name: 'slot-without-fence',
    about: 'the schedule forgets which slots were decided when it opens one',
    contexts: (contexts) =>
      decideOn(contexts, 'engine.schedule', (state: { paused: unknown }, command) =>
        command.type === 'OpenSlot' && state.paused === null
          ? { open: null, watermark: before((command.data as { at: string }).at, 1) }
          : null,
      ),
  },
  {
    name: 'catch-up-from-now',
    about: 'a slot that was missed is forgotten: the watermark follows the clock',
    contexts: (contexts) =>
      mapDecider(contexts, 'engine.schedule', (decider) => ({
        evolve: (state, event) => {
          const next = decider.evolve(state, event) as { watermark: string | null };
          const { openedAt } = event.data as { openedAt: string };
          return (event.type === 'SlotOpened' ? { ...next, watermark: before(openedAt, 0) } : next) as never;
        },
      })),
  },
  {
    name: 'refund-after-hold',
    about: 'the job decides at the tick only, so that a refund after the hold finds the escrow held',
    contexts: (contexts) =>
      contexts.map((context) => ({
        ...context,
        jobs: (context.jobs ?? []).map((job) =>
          job.name === 'giving/release-escrows' ? { ...job, takesEffect: 'at-tick' as const } : job,
        ),
      })),
  },
  {
    name: 'coins-for-refunds',
    about: 'coins are given for refunds too',
    contexts: (contexts) =>
      mapReactors(contexts, (reactor) =>
        reactor.name === 'giving/award-coins' ? { ...reactor, on: [...reactor.on, 'EscrowRefunded'] } : reactor,
      ),
  },
  {
    name: 'started-is-forever',
    about: 'a start without an outcome is never given up',
    contexts: (contexts) =>
      mapDecider(contexts, 'engine.effect', (decider) => ({
        decide: (command, state) =>
          command.type === 'StartEffect' && (state as { status: string }).status === 'started'
            ? { kind: 'ignored', rule: 'not-due' }
            : decider.decide(command, state),
      })),
  },
  {
    name: 'late-answer-wins',
    about: 'an answer to an earlier attempt is taken for the newest',
    contexts: (contexts) =>
      decideOn(contexts, 'engine.effect', (_state, command) => {
        const { attempt } = command.data as { attempt?: number };
        return command.type === 'ConfirmEffect' && attempt !== undefined ? { status: 'started', attempt } : null;
      }),
  },
  {
    name: 'paid-twice',
    about: 'a decision gives the coins twice',
    contexts: (contexts) =>
      mapDecider(contexts, 'giving.coins', (decider) => ({
        decide: (command, state) => {
          const decision = decider.decide(command, state);
          return decision.kind === 'accepted' ? { ...decision, events: [...decision.events, ...decision.events] } : decision;
        },
      })),
  },
];
