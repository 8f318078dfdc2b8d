import { unless, type Finding, type Rule } from './finding.ts';

/**
 * A name is a segment of paths, ARNs and node ids, and part of a sort key: printable ASCII without spaces and slashes, 255 at most.
 * Clients take dot segments out of a path: what they then ask for is another resource.
 */
const NAME = /^(?!\.{1,2}$)[!-.0-~]{1,255}$/;
const TOKEN = /^[\w-]{1,36}$/;

const text = (value: object, member: string): string => String((value as Readonly<Record<string, unknown>>)[member]);

/** The name of a resource to be created. */
export const nameRule =
  (member: string): Rule<object> =>
  (value) =>
    unless(NAME.test(text(value, member)), member, 'must be 1 to 255 printable ASCII characters without spaces and slashes, and not . or ..', text(value, member));

/** It becomes a domain of a virtual host, where * would catch the traffic of all others. */
export const serviceNameRule: Rule<object> = (value) =>
  unless(!text(value, 'virtualServiceName').includes('*'), 'virtualServiceName', 'must not have a *', text(value, 'virtualServiceName'));

/** A backend that no virtual service could be named is a mistake; as a domain the proxy would refuse it, or take it for all. */
export const backendRule: Rule<object> = (value) => {
  const name = text(value, 'virtualServiceName');
  return unless(name === '' || (NAME.test(name) && !name.includes('*')), 'virtualServiceName', 'must be a name that a virtual service can have', name);
};

/** API reference, clientToken: up to 36 letters, numbers, hyphens and underscores. */
export const tokenRule: Rule<{ readonly clientToken?: string | undefined }> = ({ clientToken }) =>
  unless(
    clientToken === undefined || TOKEN.test(clientToken),
    'clientToken',
    'must be 1 to 36 letters, digits, hyphens and underscores',
    clientToken,
  );

interface Tag {
  readonly key: string;
}

/** Tags of one request: each key once, and none of those AWS keeps to itself. */
export const tagsRule: Rule<{ readonly tags?: readonly Tag[] | undefined }> = ({ tags = [] }): Finding[] => {
  const keys = tags.map(({ key }) => key);
  return keys.flatMap((key, index) => [
    ...unless(keys.indexOf(key) === index, `tags[${index}].key`, 'must be given once only', key),
    ...unless(!key.toLowerCase().startsWith('aws:'), `tags[${index}].key`, 'must not start with aws:', key),
  ]);
};
