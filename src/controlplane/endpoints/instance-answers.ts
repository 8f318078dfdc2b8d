import type { Log } from '../../contracts/log.ts';
import { messageOf } from '../../contracts/message-of.ts';

/** Which instances a virtual node stands for: those of a service that have all of these attributes. */
export interface InstanceQuery {
  readonly namespaceName: string;
  readonly serviceName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Instance {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

/** Asks a registry of instances. */
export interface InstanceFinder {
  /** The healthy instances. @throws when the registry does not answer. */
  find(query: InstanceQuery): Promise<readonly Instance[]>;
}

/** Tells one question from another. */
export const keyOf = (query: InstanceQuery): string => JSON.stringify([query.namespaceName, query.serviceName, Object.entries(query.attributes).sort()]);

const AT_ONCE = 10;

/** What the registry said last, by question. */
export interface Answers {
  get(query: InstanceQuery): readonly Instance[] | undefined;
  /** Asks several at a time; each that is answered otherwise than before is told. What was heard last holds while nothing is heard. */
  ask(queries: readonly InstanceQuery[], isWanted: () => boolean, tell: (query: InstanceQuery) => void): Promise<void>;
}

export function createAnswers(finder: InstanceFinder, log: Log): Answers {
  const answers = new Map<string, readonly Instance[]>();
  const complaints = new Map<string, string>();

  /** Whether the answer is another one than before. */
  const askOne = async (query: InstanceQuery): Promise<boolean> => {
    const key = keyOf(query);
    try {
      const instances = await finder.find(query);
      complaints.delete(key);
      const isNew = JSON.stringify(answers.get(key)) !== JSON.stringify(instances);
      answers.set(key, instances);
      return isNew;
    } catch (error) {
      const reason = messageOf(error);
      if (complaints.get(key) !== reason) log('warn', 'Cloud Map did not answer', { namespace: query.namespaceName, service: query.serviceName, reason });
      complaints.set(key, reason);
      return false;
    }
  };

  return {
    get: (query) => answers.get(keyOf(query)),
    ask: async (queries, isWanted, tell) => {
      const different = [...new Map(queries.map((query) => [keyOf(query), query])).values()];
      for (let start = 0; start < different.length && isWanted(); start += AT_ONCE) {
        await Promise.all(different.slice(start, start + AT_ONCE).map(async (query) => (await askOne(query)) && tell(query)));
      }
    },
  };
}
