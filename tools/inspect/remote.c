/* SPDX-License-Identifier: MIT */
/*
 * A minimal client of gdb's remote serial protocol ("Remote Protocol" in gdb's manual), with QEMU's
 * Qqemu.PhyMemMode, by which addresses are physical.
 */

#include "remote.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Longer packets are refused; QEMU's have at most 4 KiB. */
#define PACKET_MAX 16384
/* Bytes of memory in a packet: as QEMU's limit of 4 KiB is one for hexadecimal digits. */
#define CHUNK 1024
/* Descriptions of registers are some 50 KiB. */
#define DESCRIPTION_MAX (1u << 20)
#define SECONDS_MAX     10

struct remote {
	int socket;
	size_t used; /* bytes of `input` that were handed out */
	size_t filled;
	unsigned char input[4096];
	char packet[PACKET_MAX]; /* the last answer, terminated */
	size_t packet_size;
	char *description; /* of every register, all files behind each other; NULL: not read */
};

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		give_up("%s: too long for a socket's path", path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int connect_tcp(const char *where)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char host[256];
	const char *colon = strrchr(where, ':');
	int fd = -1;

	if ((size_t)(colon - where) >= sizeof(host)) {
		give_up("%s: too long for a host's name", where);
	}
	memcpy(host, where, (size_t)(colon - where));
	host[colon - where] = '\0';
	if (getaddrinfo(host[0] == '\0' ? "localhost" : host, colon + 1, &hints, &found) != 0) {
		return -1;
	}
	for (struct addrinfo *next = found; next != NULL && fd < 0; next = next->ai_next) {
		fd = socket(next->ai_family, next->ai_socktype, next->ai_protocol);
		if (fd >= 0 && connect(fd, next->ai_addr, next->ai_addrlen) != 0) {
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static void send_all(struct remote *remote, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(remote->socket, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0) {
			give_up("the gdb stub closed the connection");
		}
		bytes += sent;
		size -= (size_t)sent;
	}
}

static unsigned char receive(struct remote *remote)
{
	if (remote->used == remote->filled) {
		ssize_t got = recv(remote->socket, remote->input, sizeof(remote->input), 0);

		if (got <= 0) {
			give_up("the gdb stub %s",
				got == 0 ? "closed the connection" : "does not answer");
		}
		remote->used = 0;
		remote->filled = (size_t)got;
	}
	return remote->input[remote->used++];
}

static int digit_of(int c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put(struct remote *remote, unsigned char c)
{
	if (remote->packet_size == PACKET_MAX - 1) {
		give_up("the gdb stub sends too long a packet");
	}
	remote->packet[remote->packet_size++] = (char)c;
}

/* Undoes run-length encoding and escapes; returns the sum of what was sent. */
static unsigned int receive_data(struct remote *remote)
{
	unsigned int sum = 0;

	remote->packet_size = 0;
	for (;;) {
		unsigned char c = receive(remote);

		if (c == '#') {
			remote->packet[remote->packet_size] = '\0';
			return sum & 0xff;
		}
		sum += c;
		if (c == '}') {
			c = receive(remote);
			sum += c;
			put(remote, c ^ 0x20);
		} else if (c == '*' && remote->packet_size != 0) {
			c = receive(remote);
			sum += c;
			for (int i = c - 29; i > 0; i--) {
				put(remote, (unsigned char)remote->packet[remote->packet_size - 1]);
			}
		} else {
			put(remote, c);
		}
	}
}

/* Waits for a packet, whatever comes before it, and acknowledges it. */
static void receive_packet(struct remote *remote)
{
	unsigned int sum;
	int high;
	int low;

	while (receive(remote) != '$') {
	}
	sum = receive_data(remote);
	high = digit_of(receive(remote));
	low = digit_of(receive(remote));
	if (high < 0 || low < 0 || sum != (unsigned int)(high * 16 + low)) {
		give_up("the gdb stub sent a damaged packet");
	}
	send_all(remote, "+", 1);
}

/*
 * Sends a command; the answer is then in remote->packet. A machine that was running says at some
 * time that it stopped, in a packet that begins with T or S and is no answer to anything but "?".
 */
static void ask(struct remote *remote, const char *command)
{
	char packet[300];
	unsigned int sum = 0;
	int size;

	for (const char *c = command; *c != '\0'; c++) {
		sum += (unsigned char)*c;
	}
	size = snprintf(packet, sizeof(packet), "$%s#%02x", command, sum & 0xff);
	if (size < 0 || (size_t)size >= sizeof(packet)) {
		give_up("too long a command for the gdb stub");
	}
	send_all(remote, packet, (size_t)size);
	do {
		receive_packet(remote);
	} while (command[0] != '?' && (remote->packet[0] == 'T' || remote->packet[0] == 'S'));
}

struct remote *remote_open(const char *where)
{
	struct timeval limit = {.tv_sec = SECONDS_MAX};
	struct remote *remote = calloc(1, sizeof(*remote));

	if (remote == NULL) {
		give_up("out of memory");
	}
	if (strchr(where, '/') != NULL || strchr(where, ':') == NULL) {
		remote->socket = connect_unix(where);
	} else {
		remote->socket = connect_tcp(where);
	}
	if (remote->socket < 0) {
		give_up("%s: no connection", where);
	}
	(void)setsockopt(remote->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	send_all(remote, "+", 1);
	ask(remote, "qSupported:qXfer:features:read+");
	ask(remote, "?");
	ask(remote, "Qqemu.PhyMemMode:1");
	if (strcmp(remote->packet, "OK") != 0) {
		give_up("%s: the gdb stub has no physical memory: not QEMU's, or one before 4.1",
			where);
	}
	return remote;
}

void remote_choose_cpu(struct remote *remote, unsigned int cpu)
{
	char command[32];

	/* QEMU counts threads from 1. */
	snprintf(command, sizeof(command), "Hg%x", cpu + 1);
	ask(remote, command);
	if (strcmp(remote->packet, "OK") != 0) {
		give_up("there is no CPU %u", cpu);
	}
}

/* The answer's digits as bytes; false: it isn't made of as many. */
static bool answer_bytes(const struct remote *remote, unsigned char *bytes, size_t size)
{
	if (remote->packet_size != 2 * size) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		int high = digit_of(remote->packet[2 * i]);
		int low = digit_of(remote->packet[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		bytes[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

bool remote_read(struct remote *remote, uint64_t pa, void *to, size_t size)
{
	unsigned char *next = to;

	while (size > 0) {
		size_t part = size < CHUNK ? size : CHUNK;
		char command[64];

		snprintf(command, sizeof(command), "m%llx,%zx", (unsigned long long)pa, part);
		ask(remote, command);
		if (!answer_bytes(remote, next, part)) {
			return false;
		}
		next += part;
		pa += part;
		size -= part;
	}
	return true;
}

/* Appends a file of the description. Answers begin with m, and l marks the last one. */
static size_t read_file(struct remote *remote, const char *name, size_t used)
{
	size_t offset = 0;
	char command[300];

	for (;;) {
		size_t size;

		snprintf(command, sizeof(command), "qXfer:features:read:%.200s:%zx,7f0", name,
			 offset);
		ask(remote, command);
		if (remote->packet[0] != 'm' && remote->packet[0] != 'l') {
			return used;
		}
		size = remote->packet_size - 1;
		if (size > DESCRIPTION_MAX - 1 - used) {
			return used;
		}
		memcpy(remote->description + used, remote->packet + 1, size);
		used += size;
		offset += size;
		if (remote->packet[0] == 'l' || size == 0) {
			return used;
		}
	}
}

/* Copies the value of an attribute of the element at `tag`; false: it has none. */
static bool attribute(const char *tag, const char *name, char *value, size_t room)
{
	const char *end = strchr(tag, '>');
	const char *found = strstr(tag, name);
	const char *stop;
	size_t size;

	if (end == NULL || found == NULL || found > end || found[strlen(name)] != '"') {
		return false;
	}
	found += strlen(name) + 1;
	stop = strchr(found, '"');
	size = stop == NULL ? room : (size_t)(stop - found);
	if (size >= room) {
		return false;
	}
	memcpy(value, found, size);
	value[size] = '\0';
	return true;
}

/* The main file names others, which are read behind it: registers are numbered in that order. */
static void read_description(struct remote *remote)
{
	const char *next;
	size_t main_end;
	size_t used;

	remote->description = calloc(1, DESCRIPTION_MAX);
	if (remote->description == NULL) {
		give_up("out of memory");
	}
	used = read_file(remote, "target.xml", 0);
	main_end = used;
	next = remote->description;
	while ((next = strstr(next, "<xi:include")) != NULL &&
	       next < remote->description + main_end) {
		char name[128];

		if (attribute(next, "href=", name, sizeof(name))) {
			used = read_file(remote, name, used);
		}
		next++;
	}
}

static bool find_register(const struct remote *remote, const char *name, unsigned long *number)
{
	const char *next = remote->description;
	unsigned long count = 0;

	while ((next = strstr(next, "<reg ")) != NULL) {
		char value[64];

		/* Without a number of its own a register has that of the one before, plus one. */
		if (attribute(next, " regnum=", value, sizeof(value))) {
			count = strtoul(value, NULL, 0);
		}
		if (attribute(next, " name=", value, sizeof(value)) && strcmp(value, name) == 0) {
			*number = count;
			return true;
		}
		count++;
		next++;
	}
	return false;
}

bool remote_register(struct remote *remote, const char *name, uint64_t *value)
{
	unsigned char bytes[8];
	unsigned long number;
	char command[32];

	if (remote->description == NULL) {
		read_description(remote);
	}
	if (!find_register(remote, name, &number)) {
		return false;
	}
	snprintf(command, sizeof(command), "p%lx", number);
	ask(remote, command);
	if (!answer_bytes(remote, bytes, sizeof(bytes))) {
		return false;
	}
	*value = 0;
	for (unsigned int i = sizeof(bytes); i-- > 0;) {
		*value = *value << 8 | bytes[i];
	}
	return true;
}

void remote_close(struct remote *remote, bool resume)
{
	if (resume) {
		ask(remote, "D");
	}
	(void)close(remote->socket);
	free(remote->description);
	free(remote);
}
