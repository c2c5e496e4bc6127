"""What stops a command: one base error, and the kinds of it that some caller tells apart.

    SlipwayError
    ├── SettingsError     the settings contradict themselves, or are none: one line for each fault
    ├── StackFileError    a stack file is missing, or is not YAML of the right form
    ├── LockError         the file of image digests cannot be used
    ├── CommandFailed     another program is missing, failed or took too long
    ├── ServingError      no image can be made for a model
    ├── RegistryFault     a container registry gives no answer that is of use
    ├── ClusterError      the cluster does not answer, or refuses
    ├── OtherCluster      what answers is another cluster than the one that the state is of
    └── Refused           a model's server refuses a request

Whatever else stops a command is a SlipwayError itself. `tools.outcome` prints them all.
"""


class SlipwayError(Exception):
    """What is wrong, the setting and the value that it is wrong at, and what to do about it."""

    def __init__(self, message: str, *, key: str = "", value: object = None, remedy: str = "") -> None:
        self.message, self.key, self.value, self.remedy = message, key, value, remedy
        where = [key] if key else []
        super().__init__(": ".join([*where, *([] if value is None else [str(value)]), message]))

    def __str__(self) -> str:
        said = str(super().__str__())
        if not self.remedy:
            return said
        return f"{said}\n{self.remedy}" if "\n" in said else f"{said}; {self.remedy}"
