def policies(cases, emulator):
    pass
