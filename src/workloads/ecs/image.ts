/** An image's name in its parts: `registry:5000/team/svc1:v1@sha256:…` has the registry `registry:5000/`, which has a dot or a port in its name, and the repository `team/svc1`. */
export interface ImageName {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export function splitImage(image: string): ImageName {
  const [, registry = '', rest = ''] = /^((?:[^/]*[.:][^/]*|localhost)\/)?(.*)$/s.exec(image) ?? [];
  const [name = '', digest] = rest.split('@');
  const [, repository = name, tag] = /^(.*?)(?::([^/]*))?$/s.exec(name) ?? [];
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}
