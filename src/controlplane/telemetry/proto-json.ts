import type { ProtoJson } from '../translate/types.ts';

/** Messages of a repeated field. */
export const list = (value: unknown): readonly ProtoJson[] => (value as ProtoJson[] | undefined) ?? [];

/** 64-bit counts are text in protobuf JSON. */
export const count = (value: unknown): number => Number(value ?? 0);
