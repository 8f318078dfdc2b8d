/** An image as its registry knows it. */
export interface Image {
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string;
  /** Epoch milliseconds. */
  readonly pushedAt: number;
}
