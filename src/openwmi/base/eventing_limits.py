"""The limits of events and of those who subscribe (WS-Eventing), with their arguments, as `limits` has the others."""

from typing import Final

# Subscriptions to the events of one device, in all and of one address: each may keep 4 KB, the parameters of its
# endpoints among them. A program has a handful, and a machine with a hundred programs that watch is a large one.
EVENTING_SUBSCRIPTIONS: Final = 16_384
EVENTING_SUBSCRIPTIONS_PER_PEER: Final = 256
# Characters of the parameters of one endpoint, which are sent back with each message: Windows' have some hundred.
EVENTING_PARAMETERS_CHARS: Final = 2048
# Actions in the filter of one subscription: a service of cameras has some thirty events.
EVENTING_ACTIONS: Final = 256
# How long a subscription lasts: where nobody says it, and at most; a sink that is alive renews it. A shorter one than
# the least would be over before its sink knows of it.
EVENTING_SECONDS: Final = 3600.0
EVENTING_LONGEST_SECONDS: Final = 86_400.0
EVENTING_LEAST_SECONDS: Final = 1.0
# Events on their way at one time; one that takes longer than so long gives its place to others, and is one of those
# that are slow, of which there may be so many more. What is beyond that waits until one of them has ended.
EVENTING_DELIVERIES: Final = 256
EVENTING_SLOW_SECONDS: Final = 0.5
EVENTING_SLOW_DELIVERIES: Final = 256
# A sink has this long to take an event, however often it must be sent for that: Windows' proxies take one at once, and
# a switch that starts again is back by then. The pause before it is sent again, and to what that grows.
EVENTING_DELIVERY_SECONDS: Final = 30.0
EVENTING_PAUSE_SECONDS: Final = 0.25
EVENTING_LONGEST_PAUSE_SECONDS: Final = 4.0
# Events that wait for one sink. A sink that is that far behind does not follow any more.
EVENTING_BACKLOG: Final = 1024
# Who unsubscribes is answered when the event that is on its way to it has come, but no later than this.
EVENTING_UNSUBSCRIBE_SECONDS: Final = 1.0
# A device that ends takes this long to tell its subscribers.
EVENTING_END_SECONDS: Final = 2.0

# Notifications of one subscription that wait for a slow reader here; then its source has to wait for an answer. Each
# may have as many octets as an envelope has, and takes ten times that once read.
EVENTS_BACKLOG: Final = 64
# A copy of a notification has the name of one of the last so many: a source repeats what was not answered.
EVENTS_SEEN: Final = 64
# How long a subscription is asked for where the program does not say it, at a time: a source that was switched off and
# on is known to have forgotten it after half of that, and a thousand of them are renewed three times a second.
EVENTS_ASKED_SECONDS: Final = 600.0
# A subscription that lasts longer, or for ever, is renewed after this: else nobody would notice that it was forgotten.
EVENTS_CHECK_SECONDS: Final = 3600.0
# It is not renewed more often than this, however short its source makes it, and tried again at most so far apart.
EVENTS_LEAST_SECONDS: Final = 0.25
EVENTS_RETRY_SECONDS: Final = 30.0
# Who lets a subscription go waits so long for its source to hear of it: one that is gone is not waited for longer.
EVENTS_LEAVE_SECONDS: Final = 5.0
