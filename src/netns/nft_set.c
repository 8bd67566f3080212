/* Sets, maps and their elements: see nft_batch.h. */
#include "nft_batch.h"

#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <net/if.h>

/* Types and byte order are for those who list the set (nftables, datatype.h): the kernel does
 * not look at them. */
static const struct {
	uint32_t type, size, order;
} types[] = {
	[NFT_IP4] = {7, 4, 2},	    [NFT_IP6] = {8, 16, 2},   [NFT_PROTOCOL] = {12, 4, 2},
	[NFT_SERVICE] = {13, 4, 2}, [NFT_GROUP] = {35, 4, 1}, [NFT_DEVICE] = {41, IF_NAMESIZE, 1},
	[NFT_FRAGMENT] = {4, 4, 2},
};
#define TYPE_BITS 6
#define ELEMENTS_MAX 256		/* of one message: an attribute has 64 KiB at most */

static struct nftnl_set *refer(const struct nft_set *set)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return NULL;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, set->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	return s;
}

/* Several fields are listed in the order of their bytes. */
static void put_byte_order(struct nftnl_set *s, const struct nft_set *set)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(64);

	if (!u)
		return;
	if (nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER,
				set->key[1] ? 0 : types[set->key[0]].order))
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u),
				   nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

static void put_fields(struct nftnl_set *s, const uint8_t fields[NFT_FIELDS], uint16_t type_attr,
		       uint16_t size_attr)
{
	uint32_t type = 0, size = 0;

	for (size_t i = 0; i < NFT_FIELDS && fields[i]; i++) {
		type = type << TYPE_BITS | types[fields[i]].type;
		size += types[fields[i]].size;
	}
	nftnl_set_set_u32(s, type_attr, type);
	nftnl_set_set_u32(s, size_attr, size);
}

void nft_set(struct nft_batch *b, const struct nft_set *set)
{
	struct nftnl_set *s = refer(set);
	struct nlmsghdr *m = s ? nft_message(b, NFT_MSG_NEWSET, set->family, NLM_F_CREATE) : NULL;

	if (m) {
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS,
				  set->flags | (set->data[0] ? NFT_SET_MAP : 0));
		if (set->size)
			nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->size);
		put_fields(s, set->key, NFTNL_SET_KEY_TYPE, NFTNL_SET_KEY_LEN);
		if (set->data[0])
			put_fields(s, set->data, NFTNL_SET_DATA_TYPE, NFTNL_SET_DATA_LEN);
		nftnl_set_set_u32(s, NFTNL_SET_ID, m->nlmsg_seq);
		put_byte_order(s, set);
		nftnl_set_nlmsg_build_payload(m, s);
		nft_message_done(b);
	}
	if (s)
		nftnl_set_free(s);
	else
		nft_fail(b, ENOMEM);
}

/* ---- elements -------------------------------------------------------------------------------- */

void nft_put(struct nft_bytes *to, const void *field, uint32_t size)
{
	memcpy(to->v + to->size, field, size);
	to->size += (size + 3) / 4 * 4;
}

/* A name as the kernel compares it. */
void nft_put_device(struct nft_bytes *to, const char *name)
{
	char padded[IF_NAMESIZE] = "";

	memcpy(padded, name, strnlen(name, sizeof(padded) - 1));
	nft_put(to, padded, sizeof(padded));
}

/* A set without elements is refused: no memory for one is an error then. */
static struct nftnl_set_elem *add_element(struct nftnl_set *s, const void *key, uint32_t size)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (!element)
		return NULL;
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
	nftnl_set_elem_add(s, element);
	return element;
}

static void put_elements(struct nft_batch *b, const struct nft_set *set, bool add,
			 struct nftnl_set *s)
{
	struct nlmsghdr *m = nft_message(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
					 set->family, add ? NLM_F_CREATE : 0);

	if (m) {
		nftnl_set_elems_nlmsg_build_payload(m, s);
		nft_message_done(b);
	}
	nftnl_set_free(s);
}

void nft_flush_elements(struct nft_batch *b)
{
	struct nftnl_set *list = b->elements.list;

	b->elements.list = NULL;
	if (list)
		put_elements(b, b->elements.set, b->elements.add, list);
}

void nft_element(struct nft_batch *b, const struct nft_set *set, bool add,
		 const struct nft_bytes *key, const struct nft_bytes *value)
{
	struct nftnl_set_elem *element;

	if (b->elements.list &&
	    (b->elements.set != set || b->elements.add != add || b->elements.n == ELEMENTS_MAX))
		nft_flush_elements(b);
	if (!b->elements.list) {
		b->elements.set = set;
		b->elements.add = add;
		b->elements.n = 0;
		b->elements.list = refer(set);
	}
	element = b->elements.list ? add_element(b->elements.list, key->v, key->size) : NULL;
	if (!element) {
		nft_fail(b, ENOMEM);
		return;
	}
	if (value)
		nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, value->v, value->size);
	b->elements.n++;
}

/* From its first address up to, not including, the one behind its last. */
void nft_add_prefix(struct nft_batch *b, const struct nft_set *set, const struct prefix *p)
{
	struct nftnl_set *s = refer(set);
	struct nftnl_set_elem *last;
	struct ip end = p->ip;
	uint32_t size = (uint32_t)ip_size(&end), carry = 1;

	if (!s) {
		nft_fail(b, ENOMEM);
		return;
	}
	for (size_t i = size; i > 0; i--) {
		size_t bit = p->len > (i - 1) * 8 ? p->len - (i - 1) * 8 : 0;
		uint32_t host = bit >= 8 ? 0 : 0xffu >> bit;

		carry += (uint32_t)(end.bytes[i - 1] | host);
		end.bytes[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
	(void)add_element(s, p->ip.bytes, size);
	last = carry ? NULL : add_element(s, end.bytes, size);
	if (last)
		nftnl_set_elem_set_u32(last, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	put_elements(b, set, true, s);
}
