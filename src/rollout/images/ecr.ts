import * as z from 'zod/mini';
import type { CallAws } from '../../aws/call.ts';
import type { Image } from '../../contracts/image.ts';
import type { ImageRegistry } from './port.ts';

const page = z.object({
  imageDetails: z._default(z.array(z.object({ imageTags: z._default(z.array(z.string()), []), imageDigest: z.optional(z.string()), imagePushedAt: z._default(z.number(), 0) })), []),
  nextToken: z.optional(z.string()),
});
type Detail = z.infer<typeof page>['imageDetails'][number];

function toImage(repository: string, { imageTags, imageDigest, imagePushedAt }: Detail, matches: (tag: string) => boolean): Image | undefined {
  const tag = imageTags.find(matches);
  return tag === undefined ? undefined : { repository, tag, ...(imageDigest === undefined ? {} : { digest: imageDigest }), pushedAt: imagePushedAt * 1000 };
}

/** Every tagged image of a repository, page by page. */
async function* describeImages(callAws: CallAws, repositoryName: string): AsyncGenerator<Detail> {
  for (let nextToken: string | undefined; ; ) {
    const input = { repositoryName, filter: { tagStatus: 'TAGGED' }, maxResults: 1000, ...(nextToken === undefined ? {} : { nextToken }) };
    const answer = page.parse(await callAws('ecr', 'DescribeImages', input));
    yield* answer.imageDetails;
    ({ nextToken } = answer);
    if (nextToken === undefined) return;
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && error.name === 'RepositoryNotFoundException';

/** Amazon ECR of this account and region: what it holds now. A repository that is not there is another registry's, of which `recorded` knows the pushes. */
export const openEcrImages = (callAws: CallAws, recorded: ImageRegistry): ImageRegistry => ({
  newest: async (repository, matches) => {
    let newest: Image | undefined;
    try {
      for await (const detail of describeImages(callAws, repository)) {
        const image = toImage(repository, detail, matches);
        if (image !== undefined && image.pushedAt > (newest?.pushedAt ?? -1)) newest = image;
      }
      return newest;
    } catch (error) {
      if (isMissing(error)) return recorded.newest(repository, matches);
      throw error;
    }
  },
  note: (image) => recorded.note(image),
});
