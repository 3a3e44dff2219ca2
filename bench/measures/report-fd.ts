/** The pipe on which a measured program reports its peak memory, in bytes. */
export const REPORT_FD = 3;
