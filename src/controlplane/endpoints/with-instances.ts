import type { EndpointReader } from '../snapshot/publisher.ts';
import type { CloudMap } from './cloud-map.ts';

/** Registered endpoints and discovered instances as one. */
export const withInstances = (endpoints: EndpointReader, cloudMap: Pick<CloudMap, 'instancesOf' | 'onChange'>): EndpointReader => ({
  of: (mesh, virtualNode) => endpoints.of(mesh, virtualNode),
  instancesOf: (mesh, virtualNode) => cloudMap.instancesOf(mesh, virtualNode),
  onChange: (listener) => {
    const stops = [endpoints.onChange(listener), cloudMap.onChange(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  },
});
