"""Every limit, with its argument. A number that bounds memory, time or depth stands here, or next to here:

in `eventing_limits` and `wsdl_limits`, each for what one part of WSD alone has to do with.
"""

from typing import Final

# What Windows allows ([MS-WMI] notes to 3.1.4, WBEM_E_QUOTA_VIOLATION beyond): the same here, so that a name, a path or
# a query that passes there passes here.
CLASS_NAME_CHARS: Final = 4096
OBJECT_PATH_CHARS: Final = 8192
QUERY_CHARS: Final = 16384

# How deep parentheses and NOT may nest in a WHERE clause. Written by hand nobody passes ten; recursion at 100 levels
# stays far from the interpreter's own limit in the parser and in the compiled predicate.
QUERY_DEPTH: Final = 100

# A forward-only stream holds at most this many objects that nobody has read yet; then its producer waits. Two batches
# of the usual hundred keep both sides busy, and a row of a hundred properties weighs under 10 KB: 2 MB a stream.
STREAM_BACKLOG: Final = 256

# A kept result set stays in memory up to this many objects, then goes to disk in pages. 4,096 rows of forty-five
# properties are about 10 MB; nearly every class of a real machine has fewer instances.
KEPT_IN_MEMORY: Final = 4096
# All kept sets of the process together; who comes later goes to disk at once, and only slower. Rows of 4 KB, which are
# long, are 256 MB then. The first few of each set are not counted: most sets have no more.
KEPT_IN_MEMORY_TOGETHER: Final = 1 << 16
KEPT_UNCOUNTED: Final = 64
SPOOL_PAGE: Final = 512

# All spooled pages of the process together: a runaway query must not fill the disk of the machine that it asks about.
SPOOL_QUOTA_BYTES: Final = 1 << 30

# One callback of a sink may take this long ([MS-WMI] 3.2.4.1; Windows uses the same), then its call is cancelled.
SINK_CALLBACK_SECONDS: Final = 30.0

# Objects in one Indicate to a sink. Windows fills packets by size; a hundred rows of 680 octets are one 64 KiB packet.
SINK_BATCH: Final = 100

# Threads on which one blocking provider may run at once. A hung provider holds these and no others.
PROVIDER_THREADS: Final = 4
# A worker thread with nothing to do ends after this long.
IDLE_THREAD_SECONDS: Final = 10.0

# How deep objects may nest inside objects on the wire. An event holds an instance that holds an instance: three; each
# level is a handful of Python frames, so that 32 stay far from the interpreter's own limit.
WMIO_DEPTH: Final = 32

# Following every reference of an object once reads its octets about twice (the class part as a whole, then its items).
# Sharing items is forbidden ([MS-WMIO] 2.2.66), but encoders that share a few short strings exist: twice that, and 4
# KiB.
WMIO_HEAP_READS: Final = 4
WMIO_HEAP_FREE: Final = 4096

# Class parts that came in, kept with what they decode to: a reply of IEnumWbemClassObject::Next repeats the class in
# every object. A part of 45 properties is 4-8 KB; larger ones than 64 KiB are not worth keeping.
WMIO_CLASS_PARTS: Final = 64
WMIO_CLASS_PART_BYTES: Final = 1 << 16

# Octets of one DCE/RPC fragment that are offered and accepted at most. Windows uses this over TCP (four Ethernet
# frames), and its stub part of 5,792 octets is a multiple of the 16 that padding wants.
RPC_FRAGMENT: Final = 5840

# The stub of one request, all fragments together: [MS-RPCE] 3.3.3.5.4 says 4 MB, and fault 5 beyond. Callers who did
# not log in have only ServerAlive and the like to ask, which are under 1 KB.
RPC_REQUEST_OCTETS: Final = 4 << 20
RPC_ANONYMOUS_REQUEST_OCTETS: Final = 1 << 16

# The stub of one response that a client takes in: a hundred rows are 64 KB, a whole big class 100 KB; a server that
# sends a thousand times that is broken or wants our memory.
RPC_RESPONSE_OCTETS: Final = 64 << 20

# Security contexts of one connection, as many as Windows allows ([MS-RPCE] note 104): one well-known client makes a new
# one each time that it goes from one interface to another. Each holds about 2 KB, for a caller who proved a password.
RPC_SECURITY_CONTEXTS: Final = 2048
# Logins that were begun and not finished, on one connection: a client makes them one after the other.
RPC_PENDING_LOGINS: Final = 4
# Logins that failed, on one connection; then it is closed, so that a guesser pays a new connection for each few.
RPC_REFUSED_LOGINS: Final = 3

# Presentation contexts of one connection: as with security contexts, twice as many since a feature offer takes one,
# too.
RPC_PRESENTATION_CONTEXTS: Final = 4096

# Calls that a connection has open at once. The benchmark of pipelining uses 64; each is one running Operation at most.
RPC_OPEN_CALLS: Final = 256

# The stubs of all calls that a connection has open: several of the longest, or all of them of an ordinary length.
CONNECTION_REQUEST_OCTETS: Final = 4 * RPC_REQUEST_OCTETS

# A number in a query may have this many characters: the largest real64, written out, has 309 digits. Reading a decimal
# takes time that grows with the square of its length, and Python refuses beyond some thousand digits.
QUERY_NUMBER_CHARS: Final = 400

# Predicates that were compiled for a query are kept by their source, without their constants, as long as it is short:
# this many take about a megabyte, and a program repeats a handful.
QUERY_SOURCES_KEPT: Final = 128
QUERY_SOURCE_KEPT_CHARS: Final = 2000

# A client pings what it holds every two minutes; the server waits three times as long ([MS-DCOM] 3.1.2.2), so that one
# ping may be lost and one be late. An object that was used within one period is not collected (3.1.1.6.2).
PING_PERIOD_SECONDS: Final = 120.0
PING_TIMEOUT_SECONDS: Final = 3 * PING_PERIOD_SECONDS

# Objects exported to one principal. A client that never releases leaves three for each query, and an entry takes about
# 2 KB: a monitor may forget five thousand queries and costs 32 MB.
EXPORTS_PER_PRINCIPAL: Final = 16384
# Ping sets of one principal: one for each machine that it works from. OIDs in a set: a client holds no more than it was
# given.
PING_SETS_PER_PRINCIPAL: Final = 1024
PING_SET_OIDS: Final = EXPORTS_PER_PRINCIPAL

# An object inside another one is made with it if it has so many octets; a smaller one when somebody asks. An object and
# its class, of which nothing is known yet, take a kilobyte.
WMIO_OBJECT_KEPT: Final = 512

# NdTables that one class was seen with. Twenty thousand instances of a class show a handful; a peer could show
# thousands.
WMIO_NULL_PATTERNS: Final = 64

# Instances of one NULL pattern that are decoded before it gets a decoder of its own, which takes about as long to make
# as it saves on twice as many; the octets of instances that must have come for each that it takes, or that what is
# known of the pattern takes, so that a peer does not make much of a little; and how many patterns of one class get one.
WMIO_PLAN_AFTER: Final = 32
WMIO_PLAN_PRICE: Final = 1
WMIO_PLANS: Final = 8

# Octets of the largest decoder of that kind: that of a class of 300 strings. Making it takes 3 MB for a moment.
WMIO_PLAN_OCTETS: Final = 1 << 18

# Heads of packets that are kept for one class and NULL pattern, one of some eighty octets for each length of an
# instance. Twenty thousand processes have a hundred lengths.
WMIO_HEADS_OCTETS: Final = 1 << 15

# Classes with more properties than this get no encoder of their own: its source would grow with them, and nobody sends
# so wide a class often.
WMIO_COMPILED_PROPERTIES: Final = 256
# Making an encoder for one class takes about as long as it saves on sixty instances; a class that sends fewer does
# without.
WMIO_COMPILE_AFTER: Final = 64

# Classes that one enumerator or sink may be told of: more than a whole namespace has, and 4,096 of 8 KB are 32 MB.
WMIO_CLASSES_SENT: Final = 4096
# How many of them may have less than so many octets, the first instance included: what is kept of a class takes that,
# however small it is. The smallest that a query leaves has 250, and no machine has instances of so many.
WMIO_SMALL_CLASSES: Final = 512
WMIO_SMALL_CLASS_OCTETS: Final = 1024

# Rows that are taken from a provider at one go, and for how long they are waited for: large enough that changing
# threads costs little, and short enough that a slow provider's rows are seen as they come.
PROVIDER_BATCH: Final = 100
PROVIDER_BATCH_SECONDS: Final = 0.02

# Connections of a server in all, and from one address, or one network of IPv6. A monitor with a thread for each of a
# hundred checks and three connections each stays below; each costs a task's worth of memory, 30 KB.
CONNECTIONS: Final = 2048
CONNECTIONS_PER_PEER: Final = 512
# A connection on which nobody has logged in is closed after this long: Windows' own clients close theirs after 15 s.
LOGIN_SECONDS: Final = 60.0

# Octets of objects in one reply; then the client has to ask again. 64 thousand small rows fit, and a reply of that size
# is a hundredth of a second of a fast network.
REPLY_OCTETS: Final = 16 << 20
# Octets of one user's replies that are in the making, or that no client has taken yet; beyond them a reply is short.
# Four of the longest: else whoever asks two hundred enumerators at once and reads nothing is sent gigabytes.
REPLIES_OCTETS: Final = 64 << 20

# Proxies that read one smart enumerator: a client makes one for each process; each may be told of every class.
SMART_PROXIES: Final = 16

# The namespace of a login ([MS-WMI] note 32: what Windows allows, WBEM_E_QUOTA_VIOLATION beyond).
NAMESPACE_CHARS: Final = 8173
# The list of languages of a login, which is kept as long as the login is: thirty of the usual length and more.
LOCALES_CHARS: Final = 512

# A connection that this end closes is given this long to take what was still to be sent; then it is cut. So it is, too,
# where a client reads nothing at all of its answers for as long as a lost one takes to be noticed.
CLOSE_SECONDS: Final = 5.0
STALLED_SECONDS: Final = 60.0

# Enumerators of one user that hold results, or wait for some: those that were read to their end do not count. A kept
# set may be 10 MB, and an ordinary program has a handful open; one that lets each of a thousand go too late still runs.
ENUMERATORS_PER_PRINCIPAL: Final = 1024

# Call results of one user whose calls run, or that hold an object: those that have only a status or a path left do not
# count. A call that waits takes 4 KB; a program that forgets each of its calls makes twenty a second before it is told.
CALL_RESULTS_PER_PRINCIPAL: Final = 8192
# Asynchronous calls of one user, each with the backlog of a stream and a reference to a sink.
ASYNC_CALLS_PER_PRINCIPAL: Final = 1024
# A connection to a client's sinks that nobody tells anything is kept this long for the next asynchronous call.
CALLBACK_IDLE_SECONDS: Final = 30.0
# Clients whose connections are kept so. A client can say with each call that its sink is of another process, and answer
# for all of them: a connection each, and a server has a thousand or so for all of its clients.
CALLBACK_IDLE: Final = 128
# A server that calls our sink has its answer after this long, though there be no room for more: it waits thirty seconds
# (SINK_CALLBACK_SECONDS; Windows as long) and then gives the call up. A sink of ours has as long for a hundred objects,
# so that what gathers meanwhile stays small.
INDICATE_ANSWER_SECONDS: Final = 25.0
# A server is believed to call us back once it has: a first call that brings a class is answered in milliseconds; one
# that tries every level of protection on a slow line before it finds one that we take needs seconds.
CALLBACK_PROOF_SECONDS: Final = 5.0

# A connection on which nothing was heard for so long is asked by TCP whether the other machine is there, and lost if so
# many questions are not answered: two minutes in all, as long as DCOM's pings are apart. A system waits two hours.
KEEP_ALIVE_SECONDS: Final = 60
KEEP_ALIVE_INTERVAL_SECONDS: Final = 15
KEEP_ALIVE_PROBES: Final = 4
# Octets of objects in one Indicate: Windows' FinalizerBatchSize ([MS-WMI] note 81).
INDICATE_OCTETS: Final = 1 << 18
# The same where nobody has logged in, or might not have: who is called takes short requests only from strangers (ours
# RPC_ANONYMOUS_REQUEST_OCTETS), and one object may come on top.
ANONYMOUS_INDICATE_OCTETS: Final = 1 << 14

# Addresses of one exporter or resolver that are tried, each for as long as a connection may take. A machine has a name
# and a few addresses; a reference may hold thousands, and comes from whoever wants us to knock at them.
BINDINGS_TRIED: Final = 16

# Records of one kind in a period that the log of a server takes, as whoever can connect has some written: enough to see
# what goes on, and with a hundred octets each about a gigabyte a year of them.
LOG_RECORDS: Final = 20
LOG_PERIOD_SECONDS: Final = 60.0

# How deep objects and arrays may nest in a MOF text: an instance in an instance in an instance is the most that people
# write, and each level is a handful of Python frames.
MOF_DEPTH: Final = 32
# Files within files of one compilation, and how many in all: the whole schema of the DMTF is 1,633 files, two deep.
MOF_INCLUDE_DEPTH: Final = 32
MOF_INCLUDES: Final = 10_000
# A number in MOF may have this many characters: sixty-four binary digits, or the 309 of the largest real64.
MOF_NUMBER_CHARS: Final = 400
# How deep texts of objects may stand within texts of objects in MOF: each level may nest as deep as MOF_DEPTH.
MOF_TEXT_DEPTH: Final = 3

# "You cannot create an instance of a class with more than 256 keys" (the SDK's "Creating a Class").
CLASS_KEYS: Final = 256

# Queries without parameters that are kept with their trees, as long as their text is short, and what was worked out for
# them against a class: a program repeats a handful, a console a few dozen. A tree of the longest kept text is 80 KB.
QUERY_TEXTS_KEPT: Final = 128
QUERY_TEXT_KEPT_CHARS: Final = 2000
QUERY_PLANS_KEPT: Final = 256

# Instances that one query looks up by their keys, one after the other (`Name = 'a' OR Name = 'b'`): beyond it the
# instances are listed once, which costs a provider less than so many questions.
QUERY_KEY_LOOKUPS: Final = 64

# Instances of the repository that are kept decoded: 4,096 of ten properties are about 4 MB, and a monitor asks for the
# same hundred again and again.
HOT_INSTANCES: Final = 4096
# Rows that are read from the repository at one go: a millisecond's work, after which others have their turn.
REPOSITORY_PAGE: Final = 256
# Changes that are committed together at most, so that the first of many need not wait for all.
REPOSITORY_GROUP: Final = 1000
# How long a change waits for another program that is writing: a command takes less than a second.
REPOSITORY_LOCK_SECONDS: Final = 5.0
# Who has written nothing for so long lets others write. Taking the right back costs microseconds.
REPOSITORY_REST_SECONDS: Final = 2.0
# A repository of so many pages of 4,096 octets is looked through when it is opened, which takes some ten milliseconds:
# a bit that a disk got wrong may hide a row from whoever looks for it. A greater one is looked through by a command.
REPOSITORY_CHECKED_PAGES: Final = 256

# "The maximum number of properties you can define in a WMI class is 1024" (the SDK's "Creating a Base Class").
CLASS_PROPERTIES: Final = 1024

# An IWbemContext holds a handful of switches, names and identifiers; the longest, which lists all 1,024 properties of a
# class, takes a quarter of this. An array of short strings costs fourteen times its octets: 4 MB.
CONTEXT_OCTETS: Final = 1 << 18
# Values in one, and NULLs in all of its arrays together, which take no octets: a hundred times what anybody sets.
CONTEXT_VALUES: Final = 1024

# Octets of one MOF compilation, all files together: twelve times the whole schema of the DMTF. The words of an ordinary
# text take five times its octets (measured), and those of the worst some forty: 300 MB and 3 GB. A device such as
# /dev/zero would take all that there is.
MOF_TEXT_OCTETS: Final = 64 << 20

# An interface that comes up gets a carrier and its addresses within moments, and each is told: they are looked up once.
INTERFACES_SETTLE_SECONDS: Final = 0.2
# Where the system tells of nothing, the interfaces are looked up this often.
INTERFACES_POLLED_SECONDS: Final = 5.0

# Datagrams that came in and wait to be read: ten thousand answers of 2 KB within a few seconds are read as they come,
# and this is what may come in one moment that the loop is busy. The system gives as much of it as it allows.
DATAGRAM_RECEIVE_OCTETS: Final = 4 << 20
# Datagrams that wait to be sent, on one socket: beyond it more are dropped, as the network would.
DATAGRAM_SEND_OCTETS: Final = 1 << 18

# An envelope of SOAP: DPWS says 32,767 octets ("MAX_ENVELOPE_SIZE"), and a request that is longer is refused. Metadata
# may be longer for a client that says so (the header LargeMetadataSupport): a thousand services of 250 octets.
SOAP_ENVELOPE_OCTETS: Final = 32_767
SOAP_LARGE_METADATA_OCTETS: Final = 1 << 18
# An envelope in a datagram: what a device tells of itself is under 2 KB, and DPWS 1.1 allows 4,096; cameras list dozens
# of scopes, and Windows takes what a datagram holds.
SOAP_DATAGRAM_OCTETS: Final = SOAP_ENVELOPE_OCTETS
# What is sent in a datagram fits into one frame of Ethernet with the headers of IPv6 and UDP (DPWS R0029): fragments
# are lost together, and many firewalls drop them.
SOAP_FRAME_OCTETS: Final = 1452

# Headers of one envelope that are nobody's here, and kept: signatures, parameters of endpoints, and what vendors add.
SOAP_HEADERS: Final = 32

# How deep elements may nest: metadata is nine deep, and printers answer with fifteen.
XML_DEPTH: Final = 64
# Attributes and declarations of prefixes on one element: gSOAP declares every namespace that it knows on the outermost,
# some fifty.
XML_ATTRIBUTES: Final = 128
# Tags of one document, both ends counted: the longest envelope has one for each eight octets, where real ones have one
# for each twenty; and what may be longer has a thousand services of fourteen. Walking through them takes 0.5 us each.
XML_TAGS: Final = 4096
XML_LARGE_TAGS: Final = 1 << 14
# One text or the value of one attribute: Windows' own limit for arguments (WSD_MAX_TEXT_LENGTH).
XML_TEXT_CHARS: Final = 8192
# A URI, and a name for people: what DPWS allows (MAX_URI_SIZE; MAX_FIELD_SIZE, "fewer than").
DPWS_URI_OCTETS: Final = 2048
DPWS_FIELD_CHARS: Final = 256

# Types, scopes and addresses of one device: cameras have some forty scopes, and a scope has 40 characters.
DISCOVERY_TYPES: Final = 64
DISCOVERY_SCOPES: Final = 256
DISCOVERY_ADDRESSES: Final = 64
# Matches in one answer: a device answers with one, and a proxy with all that it knows, in one envelope.
DISCOVERY_MATCHES: Final = 128

# Messages that are remembered so that their copies are dropped: a minute's worth of a busy network, at 200 octets each.
DISCOVERY_SEEN: Final = 4096
# Devices that a client knows: a large network has some thousands; each costs 1.4 KB. Strangers may tell 32 of each, so
# that what is known has a limit, too; the oldest is forgotten first.
DISCOVERY_DEVICES: Final = 65_536
DISCOVERY_KNOWN_OCTETS: Final = 1 << 26
# Searches of one client at once: each is a dozen datagrams in its ten seconds.
DISCOVERY_SEARCHES: Final = 256

# Answers to one source: a client may ask fourteen times in its two and a half seconds (one well-known scanner driver
# does), so that twice that is free, and then as many a second as it asks.
DISCOVERY_ANSWERS: Final = 28
DISCOVERY_ANSWERS_PER_SECOND: Final = 6.0
# The same for all sources together: two hundred machines that are switched on at once, and a tenth of a megabit later.
DISCOVERY_ALL_ANSWERS: Final = 400
DISCOVERY_ALL_ANSWERS_PER_SECOND: Final = 40.0
# Kilobytes that are read from one source, and at least one for each datagram: what a host's own clients send, four
# copies each. Reading one takes 0.1 ms, and the worst that 32 of them can hold ten.
DISCOVERY_READS: Final = 256
DISCOVERY_READS_PER_SECOND: Final = 128.0
# The same for all sources together, who may be one that writes others' addresses: what a thousand clients send at once,
# and then a third of the processor's time at worst.
DISCOVERY_ALL_READS: Final = 4096
DISCOVERY_ALL_READS_PER_SECOND: Final = 1024.0
# Sources that this is kept for; whoever came first among them is forgotten first.
DISCOVERY_SOURCES: Final = 1024
# Octets that are sent to a source for each that it sent, so that nobody is worth being impersonated; and for how many
# octets at most it may be owed.
DISCOVERY_AMPLIFICATION: Final = 1.5
DISCOVERY_CREDIT_OCTETS: Final = 1 << 16
# What is owed to a source is forgotten once it has said nothing for as long as anybody waits for an answer: what is
# sent to it next is no more than what it says next is worth.
DISCOVERY_CREDIT_SECONDS: Final = 10.0
# Answers that wait for their moment.
DISCOVERY_WAITING: Final = 1024

# The head of a message of HTTP; browsers send under 2 KB, and most servers take eight or sixteen.
HTTP_HEADER_OCTETS: Final = 1 << 14

# Responses of 1xx before the one that counts. A server has few things to say before; one that never comes to the point
# would keep its client busy for as long as that waits.
HTTP_INTERIM_RESPONSES: Final = 100
# From the first octet of a request to its last: 32 KB by the slowest of networks. The same for a reader of a response
# who takes none of it. A client that has nothing to ask is waited for this long.
HTTP_REQUEST_SECONDS: Final = 10.0
HTTP_STALLED_SECONDS: Final = 10.0
HTTP_IDLE_SECONDS: Final = 30.0
# How long whoever connects by TLS may take until both know each other: only then the connection is counted.
TLS_HANDSHAKE_SECONDS: Final = 10.0
# Connections of a server, in all and from one address: each holds at most a request, 50 KB. A client has one or two.
HTTP_CONNECTIONS: Final = 256
HTTP_CONNECTIONS_PER_PEER: Final = 16
# A request of a client and its response, where nobody says how long: Windows gives a device half a minute.
HTTP_EXCHANGE_SECONDS: Final = 10.0

# What devices said while nobody read it: a large network that comes back from a power cut. The oldest goes first.
DISCOVERY_EVENTS: Final = 4096

# A host that ends waits this long for the last copy of its Bye, which comes within half a second.
HOST_BYE_SECONDS: Final = 1.0

# Messages whose answers are waited for: eight for each search, and as many again for those that go on for as long as
# interfaces come and go. The oldest is forgotten first.
DISCOVERY_QUESTIONS: Final = 4096

# Calls of NextAsync that wait for one enumerator. A caller that keeps a few under way loses no time; each may hold as
# many objects as it asked for, once it has them and its sink still has those before.
NEXT_ASYNC_PENDING: Final = 64

# Seconds of WITHIN and GROUP WITHIN of a notification query: milliseconds that fit into 32 bits ([MS-WMI] 3.1.2, whose
# 418937 is a slip in the division that it gives itself).
EVENT_WITHIN: Final = 4294967.295
EVENT_WITHIN_LEAST: Final = 0.001
# Events of one subscription that nobody has read yet: EventDropLimit ([MS-WMI] 3.1.3). One more is QUEUE_OVERFLOW, but
# for a burst: what a compilation or a poll brings at once has to be read within so long, and must not be more than
# this. A slow reader takes some ten thousand a second; the objects are shared among subscriptions.
EVENT_DROP_LIMIT: Final = 1000
EVENT_BURST_SECONDS: Final = 10.0
EVENT_BURST: Final = 100_000
# Polls of one namespace at once: a class and an interval each, for all who want the same. A console watches a few dozen
# classes; a thousand subscriptions that each want an interval of their own would have a provider do nothing else.
EVENT_POLLS: Final = 512
# Events that are given out at one go, before others have their turn: ten milliseconds' work for a few subscribers.
EVENT_TURN: Final = 256
# An interval timer fires no more often; what it should have is counted. A hundred a second is more than anybody reads.
EVENT_TIMER_SECONDS: Final = 0.01
# The moment of an absolute timer is looked at again this often, since somebody may set the clock of the machine.
EVENT_CLOCK_SECONDS: Final = 60.0
# Timer instructions that another program writes are noticed so soon.
EVENT_TIMER_POLL_SECONDS: Final = 1.0

# At the end of the interpreter, puts and other calls with one result have this long to end. A put on a slow disk takes
# a tenth of a second; nobody likes a program that does not end.
EXIT_SECONDS: Final = 5.0
# Before a fork the loop's thread is brought to where it holds no lock. A turn of the loop takes milliseconds; where it
# takes longer, the fork is not held up, and is as safe as with any other thread.
FORK_SECONDS: Final = 1.0
# A thread that waits looks up this often whether somebody at the keyboard has interrupted it: so it feels prompt.
KEYBOARD_SECONDS: Final = 0.5

# One source of this host's values, such as statvfs(2) of one mount or one call over D-Bus, has this long to answer;
# then the value is NULL. What is well answers in milliseconds; a hung network file system never does.
HOST_SECONDS: Final = 2.0
# Questions of the kind above that hang at one time, each on a thread of its own. A host with more hung mounts than this
# has more NULLs.
HOST_HUNG: Final = 32
# A counter's rate is over no less than this: its provider's thread waits so long for a second look where there was no
# earlier one. The kernel counts processor time in hundredths of a second, so that 5 percent can be told apart.
COUNTER_SECONDS: Final = 0.2
# A file that describes the host is read to here: /etc/passwd of a hundred thousand users has seven million octets.
HOST_FILE_OCTETS: Final = 64 << 20

# Threads that nobody needs just now, and how long they wait to be needed again: starting one takes as long as four
# callbacks of a sink. A handful serves a burst of sinks that are told their last status.
SPARE_THREADS: Final = 8
SPARE_THREAD_SECONDS: Final = 1.0
# The table of SMBIOS is read to here: that of a large server has sixty thousand octets, and a version before 3.0 could
# have no more.
SMBIOS_OCTETS: Final = 1 << 20

# A line of a log, and what goes on from it: rsyslogd writes no more than 8 KB unless told to, and stack traces are
# longer. What is longer still is no line of a log.
LOG_LINE_OCTETS: Final = 1 << 18
# A log is read to count its entries if it is no larger: a second for half a million lines.
LOG_COUNTED_OCTETS: Final = 1 << 26
# Who wants the entries of a log since some time reads a file backwards until so many lines in a row are older: more
# than a machine writes while its clock is not set yet, and read in a blink.
LOG_OLDER_LINES: Final = 10_000
# An entry of the journal is found by when it was written, which is right after it happened; by that much after it or
# before it, if the clock was set between the two.
LOG_WRITTEN_SECONDS: Final = 3600

# "Registry Element Size Limits" of the Windows documentation: the name of a key, the name of a value, the depth of a
# tree. A value there may be as large as memory; here as one that a program still keeps in a registry and not in a file.
REGISTRY_KEY_CHARS: Final = 255
REGISTRY_VALUE_NAME_CHARS: Final = 16383
REGISTRY_KEYS_DEEP: Final = 512
REGISTRY_VALUE_OCTETS: Final = 1 << 20
# The registry must not fill the disk of the machine that it is on; Windows begins with registries of 50 MB.
REGISTRY_FILE_OCTETS: Final = 1 << 28

# Files that Samba's configuration is made of, and how deep they include each other: one may include itself, and a
# configuration that people have written is three files.
SAMBA_FILES: Final = 100
SAMBA_INCLUDE_DEPTH: Final = 8

# The answer to a login whose account failed before, from the same address: after three that are forgiven half a second,
# and twice as long each time; ten seconds are what clients wait for. So a hundred guesses take a quarter of an hour and
# a million a quarter of a year, on however many connections.
LOGIN_FAILURES_FREE: Final = 3
LOGIN_DELAY_SECONDS: Final = 0.5
LOGIN_DELAY_LONGEST_SECONDS: Final = 8.0
# Accounts that may fail from one address before all of its logins wait: an office behind one address misspells a few.
LOGIN_ACCOUNTS_FREE: Final = 16
# Failures are forgotten after so long without another, and the oldest beyond so many: 200 octets each.
LOGIN_FORGOTTEN_SECONDS: Final = 900.0
LOGIN_FAILURES_KEPT: Final = 16_384

# From the first octet of a request to its last, fragments and all: four megabytes by a line of one megabit. Who sends
# an octet now and then would keep memory for ever.
FRAGMENT_SECONDS: Final = 40.0

# Logins that wait for another machine at once: a KDC answers within milliseconds, and each thread is 100 KB.
LOGIN_THREADS: Final = 32

# Connections of a client to one exporter: more calls than that which all wait are rare, and servers count connections.
POOL_CONNECTIONS: Final = 8
# Calls of a client that are open at once on one connection, where servers take several: half of what ours take.
POOL_CALLS: Final = RPC_OPEN_CALLS // 2

# A call that was cancelled has this long to be answered, then its server is told that nobody waits: an answer that is
# ready takes one round trip, and work that cannot be stopped may take a minute.
CANCEL_SECONDS: Final = 10.0

# Elements of an array in the answer to a call that failed: the request says how many, and may have none of them behind
# that number. An activation asks for 32,768 interfaces at most.
NDR_EMPTY_ELEMENTS: Final = 1 << 16

# A line between a process and the resolver of its machine: a thousand OIDs in hexadecimal are 20 KB. Processes that
# share a resolver, and the OIDs of each: as many as one principal may hold.
REGISTRY_LINE_OCTETS: Final = 1 << 16
REGISTRY_PROCESSES: Final = 256
REGISTRY_OIDS: Final = EXPORTS_PER_PRINCIPAL
# A process whose resolver is gone tries again this often; until then its sinks cannot be called by who asks anew.
REGISTRY_RETRY_SECONDS: Final = 5.0

# A query of Win32_PingStatus waits this long for an echo, whatever its Timeout; a day of waiting helps nobody, and
# takes a thread from those that serve the class.
PING_SECONDS: Final = 60.0
# The name service has this long to find the address of a host: two servers that do not answer take ten seconds by
# resolv.conf(5), and who asks is a person or a script that waits.
PING_NAME_SECONDS: Final = 5.0

# Connections of a client to one address that are open at once: eight calls under way, half of what a server of ours
# allows one client. One that nobody uses is closed before servers close theirs, so that few requests meet a closed one.
HTTP_CLIENT_CONNECTIONS: Final = 8
HTTP_KEPT_SECONDS: Final = 20.0
# Requests of a client that wait for a connection to one address: the program that asks for more has lost count.
HTTP_CLIENT_WAITING: Final = 1 << 17
# Octets of a body in pieces that came and were not read: then the sender is made to wait. Large enough that a reader is
# never short of work, small enough that a thousand of them fit anywhere.
HTTP_PIECES_OCTETS: Final = 1 << 16

# Threads on which a program hears that its calls of devices have ended: as many callbacks may block at once, and others
# wait; a thread of its own for each would be ten thousand when a network comes back.
WSD_CALLBACK_THREADS: Final = 16
# And how many of them at least must come in HTTP_STALLED_SECONDS while they are waited for: the slowest of modems sends
# forty times that. A device that we have asked has a minute for them: a scanner may warm its lamp between two lines.
HTTP_PIECES_LEAST_OCTETS: Final = 1 << 10
HTTP_ANSWER_STALLED_SECONDS: Final = 60.0
# Octets of a body in pieces, which nobody here keeps: a film, or the scan of a book. Where the number ends that many
# programs count lengths in.
HTTP_STREAM_OCTETS: Final = 1 << 32
# Who was answered before all of its request was read has this long to notice: closed at once, it would see a connection
# that was cut, and not the answer.
HTTP_LINGER_SECONDS: Final = 2.0

# Parts of one MIME message beside its envelope, and octets of the head of each: a scanned batch has a part for each
# side, and real heads have 150 octets. What stands before the first part is a line for readers of mail.
MIME_PARTS: Final = 1024
MIME_HEAD_OCTETS: Final = 1 << 12
MIME_PREAMBLE_OCTETS: Final = 1 << 10
# Octets of attachments that came before the one that is read: programs that read them out of order pay in memory.
ATTACHMENTS_HELD_OCTETS: Final = 1 << 20
# One attachment that is read whole, where the reader does not say how long it may be.
ATTACHMENT_OCTETS: Final = 64 << 20
# Challenges of a server that a client answers for one request: Negotiate takes three, and Digest one more where what
# it was given had grown stale.
HTTP_LOGIN_STEPS: Final = 6
# A kept connection that a server has closed is noticed one way to it and back after a request. One that ends later than
# this may have been worked on, and is not sent again; nor is it kept for that.
HTTP_AGAIN_SECONDS: Final = 3.0

# A server that is told to end gives those whose calls it cancels so long to hear of it: an answer is sent at once, and
# the callback of a sink may be on its way. A second signal does not wait, and service managers wait 90 s.
STOP_SECONDS: Final = 10.0

# Whoever asks for a server's figures sends a few lines, at once.
METRICS_REQUEST_OCTETS: Final = 8192
METRICS_SECONDS: Final = 10.0
METRICS_CONNECTIONS: Final = 32

# A client of a scanner has this long to ask for the next page ("CreateScanJobResponse"); then its job ends.
SCAN_RETRIEVE_SECONDS: Final = 60.0
# Jobs of a scanner that go on at one time, and those of one client: a person scans one thing, and an office is thirty
# persons. How many more are remembered after they ended, 1 KB each.
SCAN_JOBS: Final = 64
SCAN_JOBS_PER_CLIENT: Final = 8
SCAN_JOBS_KEPT: Final = 64
# Pages of one job that were asked for and have not been sent: clients ask for one after the other. One that asks for
# all at once would have them all made, and kept, at once.
SCAN_PAGES_AHEAD: Final = 2
# Images of one job: feeders hold a hundred sheets, those of archives some hundreds.
SCAN_SHEETS: Final = 1000
# Pixels of one: A3 at 600 dots an inch has seventy million, and needs 210 MB while it is changed.
SCAN_PIXELS: Final = 80_000_000
# Images that are changed at one time, each on a thread: as many as small machines have cores.
SCAN_THREADS: Final = 2
# Octets of an image that are read and sent at once.
SCAN_PIECE_OCTETS: Final = 1 << 17

# Connecting to a machine, finding it and logging in together: more than two attempts at each, and nobody waits longer.
OPEN_SECONDS: Final = 60.0
# A server that is busy answers a call that has a time of its own so much later; after that nobody is there.
SILENT_SECONDS: Final = 30.0
# A message that is longer is protected and sent in pieces of so many octets, a millisecond each; others go in between.
RPC_SENT_AT_ONCE: Final = 1 << 18
