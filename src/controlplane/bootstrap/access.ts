/** How a proxy reaches a control plane that speaks TLS. Paths are those of the proxy's machine; nothing of them is read here. PEM each. */
export interface BootstrapTls {
  /** Whose certificates are taken for the control plane's. */
  readonly authorities: string;
  /** The name in its certificate; by default the host it is reached by. */
  readonly name?: string;
  /** What the proxy shows of itself, where client certificates are asked for. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

/** What a proxy says in each call's metadata to tell who it is: a token, or a signature by the AWS credentials that it finds. */
export type BootstrapCredentials = { readonly token: string } | { readonly signFor: { readonly region: string } };
