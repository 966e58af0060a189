"""The checksum of an event's id, `crc32(id.encode())`, without a copy of the id."""

cdef extern from *:
    """
    static uint32_t crc32_tables[8][256];

    /* The tables for eight bytes at once: M. Kounavis and F. Berry, "A systematic approach to
       building high performance, software-based, CRC generators", 2005. */
    static void crc32_begin(void) {
        for (uint32_t n = 0; n < 256; n++) {
            uint32_t sum = n;
            for (int bit = 0; bit < 8; bit++)
                sum = sum & 1 ? (sum >> 1) ^ 0xEDB88320u : sum >> 1;
            crc32_tables[0][n] = sum;
        }
        for (int table = 1; table < 8; table++)
            for (int n = 0; n < 256; n++) {
                uint32_t sum = crc32_tables[table - 1][n];
                crc32_tables[table][n] = (sum >> 8) ^ crc32_tables[0][sum & 255];
            }
    }

    static uint32_t crc32_of(const unsigned char *at, Py_ssize_t left) {
        uint32_t sum = 0xFFFFFFFFu;
        for (; left >= 8; left -= 8, at += 8) {
            sum ^= at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
            sum = crc32_tables[7][sum & 255] ^ crc32_tables[6][sum >> 8 & 255]
                ^ crc32_tables[5][sum >> 16 & 255] ^ crc32_tables[4][sum >> 24]
                ^ crc32_tables[3][at[4]] ^ crc32_tables[2][at[5]]
                ^ crc32_tables[1][at[6]] ^ crc32_tables[0][at[7]];
        }
        for (; left > 0; left--, at++)
            sum = (sum >> 8) ^ crc32_tables[0][(sum ^ *at) & 255];
        return ~sum;
    }
    """
    void crc32_begin() noexcept
    unsigned int crc32_of(const unsigned char *at, Py_ssize_t left) noexcept
