/** 3,000,000 */
export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");

/** 7 % */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** 1.35 s */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** 212 MB, of 1,000,000 bytes each */
export const megabytes = (bytes: number): string => `${whole(bytes / 1e6)} MB`;
