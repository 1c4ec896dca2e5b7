/** Loaded into a server under measurement: answers over the process's channel what it has used, and does nothing else. */
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
process.channel?.unref();
