"""Events of sdc11073 (DPWS 1.1), as a process of its own on the loopback: one end, told what to do by its input.

python wsd_sdc11073_events.py provide UUID MANAGER   a device whose one metric changes when it is told to
python wsd_sdc11073_events.py consume URL MANAGER    a client of the device there, which subscribes to what it tells

MANAGER is `path` or `parameters`: by what it knows whose a message is. Each line of the input is an object of JSON with
`do` and what that needs, and is answered by a line with `said`, or with `error`. It ends with its input.
"""

import json
import sys
import threading
import uuid
from decimal import Decimal
from importlib import import_module
from typing import Any

definitions: Any = import_module("sdc11073.definitions_sdc")
dpws: Any = import_module("sdc11073.xml_types.dpws_types")
managers: Any = import_module("sdc11073.provider.subscriptionmgr_async")
mdibs: Any = import_module("sdc11073.mdib")
observable: Any = import_module("sdc11073.observableproperties")
providers: Any = import_module("sdc11073.provider")
provider_parts: Any = import_module("sdc11073.provider.providerimpl")
consumer_parts: Any = import_module("sdc11073.consumer.consumerimpl")
consumer_managers: Any = import_module("sdc11073.consumer.subscription")

LOOPBACK = "127.0.0.1"
METRIC = "metric0"
LONGEST_SECONDS = 60

MDIB = b"""<?xml version="1.0" encoding="UTF-8"?>
<m:GetMdibResponse xmlns:m="http://standards.ieee.org/downloads/11073/11073-10207-2017/message"
    xmlns:p="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" SequenceId="urn:uuid:0" MdibVersion="1">
  <m:Mdib SequenceId="urn:uuid:0" MdibVersion="1">
    <p:MdDescription DescriptionVersion="0">
      <p:Mds Handle="mds0" DescriptorVersion="0">
        <p:Type Code="130535"/>
        <p:Vmd Handle="vmd0" DescriptorVersion="0">
          <p:Channel Handle="channel0" DescriptorVersion="0">
            <p:Metric xsi:type="p:NumericMetricDescriptor" Handle="metric0" DescriptorVersion="0" MetricCategory="Msrmt"
                MetricAvailability="Cont" Resolution="1">
              <p:Unit Code="262688"/>
            </p:Metric>
          </p:Channel>
        </p:Vmd>
      </p:Mds>
    </p:MdDescription>
    <p:MdState StateVersion="0">
      <p:State xsi:type="p:MdsState" DescriptorHandle="mds0" StateVersion="0"/>
      <p:State xsi:type="p:VmdState" DescriptorHandle="vmd0" StateVersion="0"/>
      <p:State xsi:type="p:ChannelState" DescriptorHandle="channel0" StateVersion="0"/>
      <p:State xsi:type="p:NumericMetricState" DescriptorHandle="metric0" StateVersion="0"/>
    </p:MdState>
  </m:Mdib>
</m:GetMdibResponse>
"""


class Unannounced:
    """What a device has in place of WS-Discovery: whoever is to find it is told where it is."""

    active_address = LOOPBACK

    def publish_service(self, *_: object, **__: object) -> None:
        """It says nothing."""

    def clear_service(self, _: str) -> None:
        """Nor now."""


class Device:
    """One whose subscriptions live fifteen seconds at most."""

    def __init__(self, name: str, by: str) -> None:
        components = provider_parts.provider_components_async_factory()
        if by == "parameters":
            kind = managers.SubscriptionsManagerReferenceParamAsync
            components.subscriptions_manager_class = dict.fromkeys(("StateEvent", "Set"), kind)
        self.mdib = mdibs.ProviderMdib.from_string(MDIB, protocol_definition=definitions.SdcV1Definitions)
        self.provider = providers.SdcProvider(
            Unannounced(),
            dpws.ThisModelType(manufacturer="Example", model_name="Pump", model_number="1.0"),
            dpws.ThisDeviceType(friendly_name="Pump", firmware_version="2.5", serial_number="12345"),
            self.mdib,
            uuid.UUID(name),
            components=components,
        )
        self.provider.start_all(start_rtsample_loop=False)
        (self.manager, *_) = self.provider._subscriptions_managers.values()

    def where(self) -> object:
        return self.provider.get_xaddrs()

    def change(self, values: list[str]) -> object:
        """The metric takes these values, one after the other; each is an event of its own."""
        for value in values:
            with self.mdib.metric_state_transaction() as transaction:
                state = transaction.get_state(METRIC)
                if state.MetricValue is None:
                    state.mk_metric_value()
                state.MetricValue.Value = Decimal(value)
        return len(values)

    def subscribed(self) -> object:
        """The seconds that each of its subscriptions has."""
        return [
            each.remaining_seconds
            for each in self.manager._subscriptions.objects
            if each.is_valid and each.unsubscribed_at is None
        ]

    def stop(self) -> object:
        """It says to its subscribers that it ends."""
        self.provider.stop_all()
        return None


class Client:
    """It subscribes to all that the services of StateEvent tell."""

    def __init__(self, url: str, by: str) -> None:
        components = consumer_parts.default_components_factory()
        if by == "parameters":
            components.subscription_manager_class = consumer_managers.ClientSubscriptionManagerReferenceParams
        self.heard: list[object] = []
        self.came = threading.Condition()
        self.consumer = consumer_parts.SdcConsumer(url, definitions.SdcV1Definitions, None, components=components)
        observable.strongbind(self.consumer, episodic_metric_report=self._hear, subscription_end_data=self._end)

    def start(self) -> object:
        self.consumer.start_all(check_get_service=False, fixed_renew_interval=3600)
        return len(self._subscriptions())

    def _subscriptions(self) -> list[Any]:
        return [each for each in self.consumer.subscription_mgr.subscriptions.values() if each.is_subscribed]

    def _hear(self, message: Any) -> None:
        (value,) = message.p_msg.msg_node.iter("{*}MetricValue")
        self._keep(value.get("Value"))

    def _end(self, data: Any) -> None:
        self._keep(f"{data.subscription.end_status}: {data.subscription.end_reason.text}")

    def _keep(self, what: object) -> None:
        with self.came:
            self.heard.append(what)
            self.came.notify_all()

    def heard_of(self, count: int) -> object:
        """What has come, once it is that much."""
        with self.came:
            self.came.wait_for(lambda: len(self.heard) >= count, LONGEST_SECONDS)
            return self.heard

    def renew(self, seconds: float) -> object:
        return [each.renew(seconds) for each in self._subscriptions()]

    def status(self) -> object:
        return [each.get_status() for each in self._subscriptions()]

    def unsubscribe(self) -> object:
        self.consumer.subscription_mgr.unsubscribe_all()
        return None

    def stop(self) -> object:
        self.consumer.stop_all()
        return None


def main() -> None:
    end: Any = {"provide": Device, "consume": Client}[sys.argv[1]](*sys.argv[2:])
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"said": getattr(end, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            answer = {"error": repr(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
