/** An event for an EventSource; its data is JSON, which has no line breaks. */
export const message = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
